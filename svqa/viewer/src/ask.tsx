// A question typed beside the film; only where the host can answer it.
import { useState } from "preact/hooks";
import type { Viewer } from "./state";

export function Ask({ viewer }: { viewer: Viewer }) {
  const [question, setQuestion] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const known = viewer.host.answerers ?? [];
  const [chosen, setChosen] = useState<string[]>(known.slice(0, 1));
  const flip = (name: string) =>
    setChosen(chosen.includes(name) ? chosen.filter((n) => n !== name) : [...chosen, name]);
  const ask = async (event: Event) => {
    event.preventDefault();
    if (!question.trim() || busy) return;
    setBusy(true);
    setSaid("Looking …");
    try {
      viewer.add(await viewer.host.ask!(question.trim(), [], chosen));
      setQuestion("");
      setSaid("");
    } catch (error) {
      setSaid((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <form class="ask" role="search" onSubmit={ask}>
      <input
        value={question}
        onInput={(event) => setQuestion(event.currentTarget.value)}
        placeholder="Ask this film"
        aria-label="Ask this film"
      />
      <button class="strong" disabled={busy || !question.trim()}>Ask</button>
      {known.length > 1 && (
        <div class="answerers" role="group" aria-label="Who answers">
          {known.map((name) => (
            <label>
              <input type="checkbox" checked={chosen.includes(name)} onChange={() => flip(name)} />
              {name}
            </label>
          ))}
        </div>
      )}
      <span role="status">{said}</span>
    </form>
  );
}
