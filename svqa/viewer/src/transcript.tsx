// Everything that is said, read and seen, in the film's order; it follows the film.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { clock, countUpTo } from "./document";
import type { Viewer } from "./state";

const LONG = 400; // rows from which those out of sight are not laid out
const KINDS = ["speech", "text", "captions"] as const;

export function Transcript({ viewer }: { viewer: Viewer }) {
  const { data } = viewer;
  const follow = useSignal(true);
  const hidden = useSignal<string[]>([]);
  const list = useRef<HTMLOListElement>(null);
  const there = KINDS.filter((kind) => data[kind].length);
  const rows = useMemo(() => {
    const shown = there.filter((kind) => !hidden.value.includes(kind));
    return shown
      .flatMap((kind) => data[kind].map(([start_s, end_s, text]) => ({ kind, start_s, end_s, text })))
      .sort((a, b) => a.start_s - b.start_s);
  }, [viewer, hidden.value]);
  const starts = useMemo(() => rows.map((row) => row.start_s), [rows]);
  const current = countUpTo(starts, viewer.time_s.value + 1e-3) - 1;
  useEffect(() => {
    const row = list.current?.children[Math.max(0, current)] as HTMLElement | undefined;
    if (row && follow.value) {
      const { clientHeight } = list.current!;
      list.current!.scrollTo({ top: row.offsetTop - clientHeight / 3, behavior: "auto" });
    }
  }, [current, follow.value]);
  if (!there.length) return null;
  const toggle = (kind: string) =>
    (hidden.value = hidden.value.includes(kind)
      ? hidden.value.filter((name) => name !== kind)
      : [...hidden.value, kind]);
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const from = (event.target as HTMLElement).closest("li");
    if (!by || !from) return;
    event.preventDefault();
    const to = by > 0 ? from.nextElementSibling : from.previousElementSibling;
    to?.querySelector("button")?.focus();
  };
  return (
    <section class="transcript" aria-label="Transcript">
      <div class="title">
        <h2>Transcript</h2>
        {there.length > 1 &&
          there.map((kind) => (
            <button aria-pressed={!hidden.value.includes(kind)} onClick={() => toggle(kind)}>
              {kind}
            </button>
          ))}
        <span class="room" />
        <button aria-pressed={follow.value} onClick={() => (follow.value = !follow.value)}>
          follow
        </button>
      </div>
      <ol ref={list} class={rows.length > LONG ? "long" : ""} onKeyDown={move}>
        {rows.map((row, i) => (
          <li key={i} class={row.kind}>
            <button
              tabIndex={i === Math.max(0, current) ? 0 : -1}
              aria-current={i === current ? "true" : undefined}
              onClick={() => viewer.seek(row.start_s + 0.01)}
            >
              <span class="span">{clock(row.start_s)}</span>
              <span class="text">{row.text}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
