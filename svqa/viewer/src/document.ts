// What a host hands to the viewer: one film with everything that was found in it, as plain data.

export type Span = [start_s: number, end_s: number];
export type Line = [start_s: number, end_s: number, text: string];

export interface Film {
  id: string;
  name: string;
  duration_s: number;
  width_px: number;
  height_px: number;
  src: string | null;
  poster: string | null;
  note: string;
}

export interface Boxes {
  labels: string[];
  t_s: number[];
  label: number[];
  track: (number | null)[];
  xyxy_px: number[]; // four numbers a box
}

export interface Evidence {
  start_s: number;
  end_s: number;
  kind: string;
  text: string;
  score: number;
  film: string; // id
  film_name: string;
  picture: string | null;
}

export interface Correction {
  verdict: "right" | "wrong";
  answer: string;
  spans: Span[];
}

export interface Asked {
  id: number | null; // of the audit trail
  question: string;
  options: string[];
  answer: string;
  abstained: boolean;
  reason: string;
  model: string;
  latency_ms: number;
  evidence: Evidence[];
  scores: { t_s: number[]; value: number[] } | null;
  correction: Correction | null;
  together?: number; // the same for those that were asked the same at once
}

export interface ViewDocument {
  film: Film;
  shots: Span[];
  captions: Line[];
  speech: Line[];
  text: Line[];
  boxes: Boxes;
  questions: Asked[];
}

// What only some hosts can do: a page without a server can neither ask nor keep a correction.
export interface Host {
  ask?(question: string, options: string[], answerers: string[]): Promise<Asked[]>;
  correct?(asked: Asked, correction: Correction): Promise<void>;
  keys?: "page" | "inside"; // whether the keys work anywhere on the page
  answerers?: string[]; // who can be asked, the usual one first
  start_s?: number; // where the film is opened
  question?: number; // of the audit trail: which one is open at first
}

export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds * 10) / 10);
  const minutes = Math.floor(whole / 60);
  const rest = (whole - 60 * minutes).toFixed(1).padStart(4, "0");
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest.slice(0, 2)}`;
}

// -> the number of values that are at most x; values rise
export function countUpTo(values: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}
