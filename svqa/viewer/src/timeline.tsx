// The lanes under the film: what was found when, drawn on a canvas so that hours stay quick.
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { clock } from "./document";
import { boxLane, lanesOf, trackLane, type Curve, type Item, type Lane } from "./lanes";
import type { Viewer } from "./state";

const ROW_PX = 21;
const THIN_PX = 13; // a row of boxes
const GAP_PX = 5; // between lanes
const AXIS_PX = 22;
const TICKS_S = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

const rowOf = (lane: Lane) => (lane.kind === "boxes" && lane.rows > 1 ? THIN_PX : ROW_PX);
const heightOf = (lane: Lane) => rowOf(lane) * lane.rows + GAP_PX;

// where each lane begins, and where the last one ends
function topsOf(lanes: Lane[]): number[] {
  const tops = [AXIS_PX];
  for (const lane of lanes) tops.push(tops.at(-1)! + heightOf(lane));
  return tops;
}

export function Timeline({ viewer }: { viewer: Viewer }) {
  const { film } = viewer.data;
  const end_s = film.duration_s || 1;
  const boxes = useMemo(() => [trackLane(viewer.data), boxLane(viewer.data)], [viewer]);
  const asked = viewer.asked.value;
  const lanes = useMemo(() => lanesOf(viewer, boxes), [viewer, asked]);
  const tops = topsOf(lanes);
  const room = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(600);
  const [left, setLeft] = useState(0);
  const theme = useTheme(canvas);
  const [hint, setHint] = useState<{ x: number; y: number; text: string } | null>(null);
  const height = tops.at(-1)!;
  const zoom = viewer.zoom.value;
  const per_s = (width * zoom) / end_s; // pixels

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry.contentRect.width || 600));
    if (room.current) observer.observe(room.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    // what is played stays in sight
    const x = viewer.time_s.value * per_s;
    const pane = room.current;
    if (pane && zoom > 1 && (x < pane.scrollLeft || x > pane.scrollLeft + width)) {
      pane.scrollLeft = x - width / 3;
    }
  }, [viewer.time_s.value, per_s]);
  useEffect(() => {
    if (canvas.current) draw(canvas.current, lanes, tops, width, left, per_s);
  }, [lanes, width, left, per_s, theme]);

  const at = (event: MouseEvent) => {
    const place = canvas.current!.getBoundingClientRect();
    const [x, y] = [event.clientX - place.left, event.clientY - place.top];
    const t_s = Math.min(end_s, Math.max(0, (x + left) / per_s));
    const number = tops.findIndex((top, i) => top <= y && y < tops[i + 1]);
    const lane: Lane | undefined = lanes[number];
    const row = lane && Math.floor((y - tops[number]) / rowOf(lane));
    const item = lane?.items.find((i) => i.row === row && i.start_s <= t_s && t_s < i.end_s);
    return { x, y, t_s, lane, item };
  };
  const press = (event: PointerEvent) => {
    const { t_s, item, lane } = at(event);
    const whole = lane?.kind === "cited" && item;
    viewer.seek(whole ? item.start_s + 0.01 : t_s);
  };
  const hover = (event: PointerEvent) => {
    const { x, y, t_s, item } = at(event);
    if (event.buttons === 1) viewer.seek(t_s);
    setHint({ x, y, text: item ? `${clock(t_s)}  ${item.text}` : clock(t_s) });
  };
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    viewer.zoomBy(event.deltaY < 0 ? 1.25 : 0.8);
  };
  const now_s = viewer.time_s.value;
  return (
    <section class="timeline" aria-label="Timeline">
      <div class="lanes">
        <div class="names" aria-hidden="true" style={{ paddingTop: `${AXIS_PX}px` }}>
          {lanes.map((lane) => (
            <div style={{ height: `${heightOf(lane)}px` }}>{lane.name}</div>
          ))}
        </div>
        <div
          class="pane"
          ref={room}
          onScroll={() => setLeft(room.current!.scrollLeft)}
          onWheel={wheel}
          tabIndex={0}
          role="slider"
          aria-label="Time in the film"
          aria-valuemin={0}
          aria-valuemax={Math.round(end_s * 10) / 10}
          aria-valuenow={Math.round(now_s * 10) / 10}
          aria-valuetext={`${clock(now_s)} of ${clock(end_s)}`}
        >
          <div class="length" style={{ width: `${width * zoom}px`, height: `${height}px` }}>
            <canvas
              ref={canvas}
              style={{ width: `${width}px`, height: `${height}px`, left: `${left}px` }}
              onPointerDown={press}
              onPointerMove={hover}
              onPointerLeave={() => setHint(null)}
            />
            <div class="head" style={{ left: `${now_s * per_s}px`, height: `${height}px` }} />
          </div>
        </div>
        {hint && (
          <div
            class="hint"
            style={{ top: `${hint.y + 18}px`, ...aside(hint.x, width) }}
            aria-hidden="true"
          >
            {hint.text}
          </div>
        )}
      </div>
      <div class="zoom" role="group" aria-label="Zoom of the timeline">
        <button onClick={() => viewer.zoomBy(0.5)} disabled={zoom <= 1} aria-label="Zoom out">−</button>
        <button onClick={() => viewer.zoomBy(2)} aria-label="Zoom in">+</button>
        <button onClick={() => (viewer.zoom.value = 1)} disabled={zoom <= 1}>Whole film</button>
      </div>
    </section>
  );
}

// the hint stays on the side where there is room
const aside = (x: number, width: number) =>
  x < width / 2 ? { left: `calc(var(--names) + ${x + 8}px)` } : { right: `${width - x + 8}px` };

// what is another text when the canvas is to be drawn in other colours
function useTheme(canvas: RefObject<HTMLCanvasElement | null>): string {
  const [theme, setTheme] = useState("");
  useEffect(() => {
    const { host } = canvas.current!.getRootNode() as ShadowRoot;
    const query = matchMedia("(prefers-color-scheme: dark)");
    const change = () => setTheme(`${query.matches} ${(host as HTMLElement).dataset.theme ?? ""}`);
    const observer = new MutationObserver(change);
    observer.observe(host, { attributeFilter: ["data-theme"] });
    query.addEventListener("change", change);
    change();
    return () => {
      observer.disconnect();
      query.removeEventListener("change", change);
    };
  }, []);
  return theme;
}

function draw(
  canvas: HTMLCanvasElement,
  lanes: Lane[],
  tops: number[],
  width: number,
  left: number,
  per_s: number,
): void {
  const scale = window.devicePixelRatio || 1;
  const height = tops.at(-1)!;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d")!;
  pen.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  pen.textBaseline = "middle";
  pen.font = `11px ${style.fontFamily}`;
  drawAxis(pen, width, height, left, per_s, colour("soft"), colour("line"));
  lanes.forEach((lane, i) => {
    if (lane.curve) return drawCurve(pen, lane.curve, tops[i], left, per_s, colour("cited"));
    const drawn_to: number[] = []; // by row: of what is narrower than a pixel one line is enough
    const tall = rowOf(lane) - 2;
    for (const item of lane.items) {
      const x = item.start_s * per_s - left;
      const wide = Math.max(2, (item.end_s - item.start_s) * per_s - 1);
      if (x + wide < 0 || x > width || (wide <= 2 && x < (drawn_to[item.row] ?? -9))) continue;
      drawn_to[item.row] = x + 1;
      const top = tops[i] + item.row * rowOf(lane);
      pen.fillStyle = item.colour ?? colour(lane.kind);
      pen.globalAlpha = item.colour ? 0.5 : 1;
      pen.beginPath();
      pen.roundRect(x, top, wide, tall, Math.min(4, wide / 2));
      pen.fill();
      pen.globalAlpha = 1;
      if (wide < 30) continue;
      pen.fillStyle = colour(lane.kind === "cited" ? "on-cited" : "ink");
      write(pen, item, x, top, wide, tall);
    }
  });
}

function write(
  pen: CanvasRenderingContext2D,
  item: Item,
  x: number,
  top: number,
  wide: number,
  tall: number,
): void {
  pen.save();
  pen.beginPath();
  pen.rect(x, top, wide - 4, tall);
  pen.clip();
  pen.font = pen.font.replace(/^\d+px/, tall < 14 ? "9px" : "11px");
  pen.fillText(item.text.replaceAll("\n", " "), Math.max(x, 0) + 6, top + tall / 2 + 0.5);
  pen.restore();
}

function drawAxis(
  pen: CanvasRenderingContext2D,
  width: number,
  height: number,
  left: number,
  per_s: number,
  soft: string,
  line: string,
): void {
  const step_s = TICKS_S.find((step) => step * per_s >= 64) ?? 7200;
  for (let t_s = Math.floor(left / per_s / step_s) * step_s; t_s * per_s - left < width; t_s += step_s) {
    const x = Math.round(t_s * per_s - left) + 0.5;
    pen.strokeStyle = line;
    pen.beginPath();
    pen.moveTo(x, AXIS_PX - 6);
    pen.lineTo(x, height);
    pen.stroke();
    pen.fillStyle = soft;
    const text = step_s < 1 ? clock(t_s) : clock(t_s).replace(/\.0$/, "");
    if (x + 40 < width) pen.fillText(text, x + 4, AXIS_PX / 2);
  }
}

function drawCurve(
  pen: CanvasRenderingContext2D,
  curve: Curve,
  top: number,
  left: number,
  per_s: number,
  colour: string,
): void {
  const low = Math.min(...curve.value);
  const high = Math.max(...curve.value);
  const last_s = curve.t_s.length > 1 ? curve.t_s[1] - curve.t_s[0] : 5;
  pen.fillStyle = colour;
  pen.globalAlpha = 0.35;
  pen.beginPath();
  curve.t_s.forEach((t_s, i) => {
    const share = high > low ? (curve.value[i] - low) / (high - low) : 0.5;
    const tall = 2 + share * (ROW_PX - 2);
    const wide = ((curve.t_s[i + 1] ?? t_s + last_s) - t_s) * per_s - 1;
    pen.rect(t_s * per_s - left, top + ROW_PX - tall, Math.max(1, wide), tall);
  });
  pen.fill();
  pen.globalAlpha = 1;
}
