// The questions that were asked, the answer of the chosen one, and a card for each piece of evidence.
import { clock, type Asked } from "./document";
import { Verdict } from "./correct";
import type { Viewer } from "./state";

export function Questions({ viewer }: { viewer: Viewer }) {
  const all = viewer.questions.value;
  if (!all.length) return null;
  return (
    <section class="questions" aria-label="Questions">
      <h2>Questions</h2>
      <ul>
        {all.map((asked, i) => (
          <li key={i}>
            <button aria-pressed={i === viewer.chosen.value} onClick={() => viewer.choose(i)}>
              <span class="question">{asked.question}</span>
              <span class="short">{asked.answer}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

// One answer, or those of several answerers beside each other.
export function Answers({ viewer }: { viewer: Viewer }) {
  const shown = viewer.beside.value;
  const [asked] = shown;
  if (!asked) return null;
  return (
    <section class={shown.length > 1 ? "answers several" : "answers"} aria-label="Answer" aria-live="polite">
      <p class="asked">{asked.question}</p>
      <div class="columns">
        {shown.map((one) => (
          <Answer key={one.id} viewer={viewer} asked={one} />
        ))}
      </div>
    </section>
  );
}

function Answer({ viewer, asked }: { viewer: Viewer; asked: Asked }) {
  return (
    <article class="answer">
      <p class="said">{asked.answer}</p>
      {asked.reason && <p class="reason">{asked.reason}</p>}
      <p class="by">
        {asked.model}
        {asked.latency_ms > 0 && `, ${Math.round(asked.latency_ms)} ms`}
      </p>
      {viewer.host.correct && asked.id !== null && <Verdict viewer={viewer} asked={asked} />}
      <Cards viewer={viewer} asked={asked} />
    </article>
  );
}

function Cards({ viewer, asked }: { viewer: Viewer; asked: Asked }) {
  if (!asked.evidence.length) return null;
  return (
    <ol class="cards" aria-label="Evidence">
      {asked.evidence.map((found, i) => {
        const here = found.film === viewer.data.film.id;
        const span = `${clock(found.start_s)} – ${clock(found.end_s)}`;
        return (
          <li key={i}>
            <button
              class="card"
              disabled={!here}
              aria-current={viewer.card.value === i && asked === viewer.asked.value ? "true" : undefined}
              onClick={() => viewer.goTo(i, asked)}
            >
              {found.picture ? <img src={found.picture} alt="" /> : <span class="blank" />}
              <span class="words">
                <span class="span">{span}</span>
                <span class="kind">{here ? found.kind : found.film_name}</span>
                <span class="text">{found.text}</span>
              </span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}
