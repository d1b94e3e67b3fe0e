// The film with its controls, and the boxes drawn over it.
import { useEffect, useRef } from "preact/hooks";
import { clock, countUpTo } from "./document";
import { colourOf, nameOf } from "./lanes";
import type { Viewer } from "./state";

const HELD_S = 0.6; // a box is drawn until the next look at the film, at most so long

export function Film({ viewer }: { viewer: Viewer }) {
  const { film } = viewer.data;
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    viewer.attach(video.current);
    return () => viewer.stop();
  }, [viewer]);
  const failed = () => {
    viewer.failed.value = film.src
      ? "This browser cannot play the film, or it is no longer there. Its seconds and pictures are below."
      : "";
  };
  return (
    <section class="film" aria-label="Film">
      <div class="screen" style={{ aspectRatio: `${film.width_px} / ${film.height_px}` }}>
        {film.src ? (
          <video
            ref={video}
            src={film.src}
            poster={film.poster ?? undefined}
            preload="metadata"
            playsInline
            aria-label={film.name}
            tabIndex={-1}
            onClick={viewer.toggle}
            onPlay={viewer.watch}
            onPause={viewer.watch}
            onSeeked={viewer.watch}
            onTimeUpdate={viewer.watch}
            onEnded={viewer.watch}
            onError={failed}
          />
        ) : (
          <p class="gone">The film is not where it was when it was taken in.</p>
        )}
        <Overlay viewer={viewer} />
      </div>
      <Controls viewer={viewer} />
      {viewer.failed.value && <p class="warning" role="alert">{viewer.failed.value}</p>}
      {film.note && <p class="note">{film.note}</p>}
    </section>
  );
}

function Controls({ viewer }: { viewer: Viewer }) {
  const { playing, only_evidence, show_boxes, show_help, time_s } = viewer;
  const has_evidence = viewer.evidence.value.length > 0;
  return (
    <div class="controls" role="toolbar" aria-label="Player">
      <button class="play" onClick={viewer.toggle} aria-label={playing.value ? "Pause" : "Play"}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d={playing.value ? "M6 5h4v14H6zM14 5h4v14h-4z" : "M7 4.5v15l13-7.5z"} />
        </svg>
      </button>
      <span class="clock">
        {clock(time_s.value)} <span class="of">/ {clock(viewer.data.film.duration_s)}</span>
      </span>
      <span class="room" />
      <button onClick={viewer.playEvidence} disabled={!has_evidence} aria-pressed={only_evidence.value}>
        Only the evidence
      </button>
      {viewer.data.boxes.t_s.length > 0 && (
        <button
          onClick={() => (show_boxes.value = !show_boxes.value)}
          aria-pressed={show_boxes.value}
        >
          Boxes
        </button>
      )}
      <button onClick={() => (show_help.value = true)} aria-label="Keys" title="Keys (?)">
        ?
      </button>
    </div>
  );
}

function Overlay({ viewer }: { viewer: Viewer }) {
  const { film, boxes } = viewer.data;
  if (!viewer.show_boxes.value) return null;
  const now_s = viewer.time_s.value + 1e-3;
  const last = countUpTo(boxes.t_s, now_s) - 1;
  if (last < 0 || now_s - boxes.t_s[last] > HELD_S) return null;
  const seen = [];
  for (let i = last; i >= 0 && boxes.t_s[i] === boxes.t_s[last]; i--) {
    const [left, top, right, bottom] = boxes.xyxy_px.slice(4 * i, 4 * i + 4);
    const label = nameOf(boxes.labels[boxes.label[i]], boxes.track[i]);
    const colour = colourOf(boxes.label[i], boxes.track[i]);
    seen.push({ i, left, top, right, bottom, label, colour });
  }
  const size = Math.max(film.width_px, film.height_px) / 36;
  return (
    <svg
      class="overlay"
      viewBox={`0 0 ${film.width_px} ${film.height_px}`}
      role="img"
      aria-label={`Boxes: ${seen.map((box) => box.label).join(", ")}`}
    >
      {seen.map((box) => (
        <g key={box.i} style={{ color: box.colour }}>
          <rect
            x={box.left}
            y={box.top}
            width={box.right - box.left}
            height={box.bottom - box.top}
            vector-effect="non-scaling-stroke"
          />
          <text x={box.left + size * 0.25} y={Math.max(size, box.top - size * 0.3)} font-size={size}>
            {box.label}
          </text>
        </g>
      ))}
    </svg>
  );
}
