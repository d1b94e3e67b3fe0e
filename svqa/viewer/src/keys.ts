// A key -> what it does, as people know it from players.
import type { Viewer } from "./state";

export const KEYS: [keys: string, what: string][] = [
  ["space, k", "play or pause"],
  ["← →", "5 seconds back or on"],
  ["n, p", "next or previous evidence"],
  ["e", "play only the evidence"],
  ["b", "boxes over the film"],
  ["+ − 0", "zoom the timeline in, out, all"],
  ["Home, End", "begin or end of the film"],
  ["?", "these keys"],
];

const DOES: Record<string, (viewer: Viewer) => void> = {
  " ": (v) => v.toggle(),
  k: (v) => v.toggle(),
  ArrowLeft: (v) => v.step(-1),
  ArrowRight: (v) => v.step(1),
  n: (v) => v.next(1),
  p: (v) => v.next(-1),
  e: (v) => v.playEvidence(),
  b: (v) => (v.show_boxes.value = !v.show_boxes.value),
  "+": (v) => v.zoomBy(2),
  "=": (v) => v.zoomBy(2),
  "-": (v) => v.zoomBy(0.5),
  "0": (v) => (v.zoom.value = 1),
  Home: (v) => v.seek(0),
  End: (v) => v.seek(v.data.film.duration_s),
  "?": (v) => (v.show_help.value = !v.show_help.value),
};

export function onKey(viewer: Viewer, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const [target] = event.composedPath();
  if (target instanceof HTMLElement) {
    if (target.closest("input:not([type=checkbox]), textarea, select, dialog")) return;
    if (event.key === " " && target.closest("button, a, summary, input")) return; // it presses that
  }
  const does = DOES[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!does) return;
  event.preventDefault();
  event.stopPropagation();
  does(viewer);
}
