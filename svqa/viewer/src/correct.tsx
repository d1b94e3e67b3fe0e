// Right or wrong, and what and when it should be.
import { useState } from "preact/hooks";
import { clock, type Asked, type Correction, type Span } from "./document";
import type { Viewer } from "./state";

export function Verdict({ viewer, asked }: { viewer: Viewer; asked: Asked }) {
  const [open, setOpen] = useState(false);
  const [said, setSaid] = useState("");
  const keep = async (correction: Correction) => {
    try {
      await viewer.host.correct!(asked, correction);
      viewer.replace(asked, { ...asked, correction });
      setSaid("Kept.");
      setOpen(false);
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  const verdict = asked.correction?.verdict;
  return (
    <div class="verdict" role="group" aria-label="Is this answer right?">
      <button
        aria-pressed={verdict === "right"}
        onClick={() => keep({ verdict: "right", answer: asked.answer, spans: spansOf(asked) })}
      >
        Right
      </button>
      <button aria-pressed={verdict === "wrong"} aria-expanded={open} onClick={() => setOpen(!open)}>
        Wrong …
      </button>
      <span role="status">{said}</span>
      {open && <Form viewer={viewer} asked={asked} keep={keep} />}
    </div>
  );
}

const spansOf = (asked: Asked): Span[] => asked.evidence.map((e) => [e.start_s, e.end_s]);

function Form(props: { viewer: Viewer; asked: Asked; keep: (c: Correction) => void }) {
  const { viewer, asked, keep } = props;
  const [answer, setAnswer] = useState("");
  const [start_s, setStart] = useState<number | null>(null);
  const [end_s, setEnd] = useState<number | null>(null);
  const has_span = start_s !== null && end_s !== null;
  const backwards = has_span && end_s <= start_s;
  const submit = (event: Event) => {
    event.preventDefault();
    const spans: Span[] = has_span ? [[start_s, end_s]] : [];
    keep({ verdict: "wrong", answer: answer.trim(), spans });
  };
  const now = () => Math.round(viewer.time_s.value * 100) / 100;
  return (
    <form onSubmit={submit}>
      <label>
        It should be
        {asked.options.length ? (
          <select value={answer} onChange={(e) => setAnswer(e.currentTarget.value)}>
            <option value="">not said</option>
            {asked.options.map((option) => (
              <option value={option}>{option}</option>
            ))}
          </select>
        ) : (
          <input value={answer} onInput={(e) => setAnswer(e.currentTarget.value)} />
        )}
      </label>
      <div class="seconds">
        <button type="button" onClick={() => setStart(now())}>
          From {start_s === null ? "here" : clock(start_s)}
        </button>
        <button type="button" onClick={() => setEnd(now())}>
          To {end_s === null ? "here" : clock(end_s)}
        </button>
      </div>
      {backwards && <p class="warning" role="alert">It ends before it begins.</p>}
      <button class="strong" disabled={backwards || (start_s === null) !== (end_s === null)}>
        Keep
      </button>
    </form>
  );
}
