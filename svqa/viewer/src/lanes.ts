// What was found in a film -> lanes of items, those that overlap in rows of their own.
import type { Viewer } from "./state";
import type { ViewDocument } from "./document";

const BOX_COLOURS = ["#0f8aa6", "#d9552b", "#7a5fc0", "#3f8f4f", "#b8860b", "#c2447f", "#4d7fd6"];
const MOST_ROWS = 4;
const MOST_LABELS = 5; // of boxes, each with a row; what is seen for less long shares one more
const MOST_TRACKS = 8; // rows
const UNSEEN = 2.5; // looks: a track that is unseen for longer is drawn with a gap

export interface Item {
  start_s: number;
  end_s: number;
  text: string;
  row: number;
  colour?: string;
}
export interface Curve {
  t_s: number[];
  value: number[];
}
export interface Lane {
  name: string;
  kind: string;
  items: Item[];
  rows: number;
  curve?: Curve;
}

// the colour of a box: that of its track where it has one
export const colourOf = (label: number, track: number | null = null) =>
  BOX_COLOURS[(track ?? label) % BOX_COLOURS.length];

export const nameOf = (label: string, track: number | null) =>
  track === null ? label : `${label} #${track}`;

// each item in the first row where it overlaps nothing, the last row takes what is left
function packed(name: string, kind: string, spans: [number, number, string][]): Lane {
  const ends: number[] = [];
  const sorted = [...spans].sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  const items = sorted.map(([start_s, end_s, text]) => {
    const free = ends.findIndex((end) => end <= start_s + 1e-6);
    const row = free >= 0 ? free : Math.min(ends.length, MOST_ROWS - 1);
    ends[row] = Math.max(ends[row] ?? 0, end_s);
    return { start_s, end_s, text, row };
  });
  return { name, kind, items, rows: Math.max(1, ends.length) };
}

// seconds from one look at the film to the next
function stepOf(t_s: number[]): number {
  const times = [...new Set(t_s)];
  const gaps = times.slice(1).map((t, i) => t - times[i]);
  return gaps.length ? Math.min(...gaps.slice(0, 1000)) : 1;
}

// Boxes of no track -> bars: what is seen in neighbouring looks is one. -> a row a label, longest
// seen first.
export function boxLane({ boxes }: ViewDocument): Lane {
  const { labels, label, track, t_s } = boxes;
  const step_s = stepOf(t_s);
  const open = new Map<number, Item & { label: number }>();
  const items: (Item & { label: number })[] = [];
  t_s.forEach((now_s, i) => {
    if (track[i] !== null) return;
    const before = open.get(label[i]);
    if (before && now_s - before.end_s < 0.5 * step_s) before.end_s = now_s + step_s;
    else {
      const [text, colour] = [labels[label[i]], colourOf(label[i])];
      const item = { start_s: now_s, end_s: now_s + step_s, text, colour, row: 0, label: label[i] };
      open.set(label[i], item);
      items.push(item);
    }
  });
  const seen_s = new Map<number, number>();
  for (const i of items) seen_s.set(i.label, (seen_s.get(i.label) ?? 0) + i.end_s - i.start_s);
  const order = [...seen_s].sort((a, b) => b[1] - a[1]).map(([number]) => number);
  for (const item of items) item.row = Math.min(MOST_LABELS, order.indexOf(item.label));
  const rows = Math.min(MOST_LABELS + 1, order.length);
  return { name: "boxes", kind: "boxes", items, rows };
}

// Boxes of one track -> its bars, from the first to the last, in a row of their own; two tracks that
// do not overlap may share one.
export function trackLane({ boxes }: ViewDocument): Lane {
  const { labels, label, track, t_s } = boxes;
  const step_s = stepOf(t_s);
  const tracks = new Map<number, { spans: [number, number][]; seen: Map<number, number> }>();
  t_s.forEach((now_s, i) => {
    const id = track[i];
    if (id === null) return;
    if (!tracks.has(id)) tracks.set(id, { spans: [], seen: new Map() });
    const { spans, seen } = tracks.get(id)!;
    seen.set(label[i], (seen.get(label[i]) ?? 0) + 1);
    const last = spans.at(-1);
    if (last && now_s - last[1] < (UNSEEN - 1) * step_s) last[1] = now_s + step_s;
    else spans.push([now_s, now_s + step_s]);
  });
  const ends: number[] = [];
  const items = [...tracks].flatMap(([id, { spans, seen }]) => {
    const [most] = [...seen].sort((a, b) => b[1] - a[1])[0];
    const free = ends.findIndex((end) => end <= spans[0][0] + 1e-6);
    const row = free >= 0 ? free : Math.min(ends.length, MOST_TRACKS - 1);
    ends[row] = Math.max(ends[row] ?? 0, spans.at(-1)![1]);
    const [text, colour] = [nameOf(labels[most], id), colourOf(most, id)];
    return spans.map(([start_s, end_s]) => ({ start_s, end_s, text, colour, row }));
  });
  return { name: "tracks", kind: "boxes", items, rows: Math.max(1, ends.length) };
}

export function lanesOf(viewer: Viewer, boxes: Lane[]): Lane[] {
  const { data } = viewer;
  const own = viewer.evidence.value.filter((e) => e.film === data.film.id);
  const curve = viewer.asked.value?.scores ?? undefined;
  const all: Lane[] = [
    packed("cited", "cited", own.map((e) => [e.start_s, e.end_s, e.text || e.kind])),
    { name: "score", kind: "score", items: [], rows: 1, curve },
    packed("shots", "shots", data.shots.map(([start_s, end_s], i) => [start_s, end_s, `${i + 1}`])),
    packed("captions", "captions", data.captions),
    packed("speech", "speech", data.speech),
    packed("text", "text", data.text),
    ...boxes,
  ];
  return all.filter((lane) => lane.items.length || lane.curve?.t_s.length);
}
