// What `svqa serve` shows: the library, what a search finds in it, what is being taken in, a film.
import { render as draw } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, type FilmCard, type Job } from "./api";
import app_css from "./app.css";
import { clock, type Asked, type Evidence, type Host } from "./document";
import { mount } from "./mount";
import css from "./style.css";

const LOOK_MS = 1000;

interface Place {
  film: string | null;
  at_s: number;
}

function place(): Place {
  const found = /^#film\/(\w+)(?:@([\d.]+))?$/.exec(location.hash);
  return { film: found?.[1] ?? null, at_s: Number(found?.[2] ?? 0) };
}

function App() {
  const [here, setHere] = useState(place());
  const [answerers, setAnswerers] = useState<string[]>([]);
  useEffect(() => {
    const move = () => setHere(place());
    addEventListener("hashchange", move);
    api.answerers().then(setAnswerers, () => undefined);
    return () => removeEventListener("hashchange", move);
  }, []);
  return (
    <div class="app">
      <header>
        <a class="home" href="#">SmartVisionQA</a>
      </header>
      <main>
        {here.film ? (
          <FilmView key={here.film} {...here} film={here.film} answerers={answerers} />
        ) : (
          <Library />
        )}
      </main>
    </div>
  );
}

function FilmView({ film, at_s, answerers }: { film: string; at_s: number; answerers: string[] }) {
  const room = useRef<HTMLDivElement>(null);
  const [name, setName] = useState("");
  const [said, setSaid] = useState("Opening …");
  useEffect(() => {
    let take_away = () => {};
    let here = true;
    const host: Host = {
      keys: "page",
      answerers,
      start_s: at_s,
      ask: (question, options, chosen) => api.ask(question, film, options, chosen),
      correct: async (asked, correction) => {
        await api.correct(asked.id!, correction, film);
      },
    };
    api.film(film).then(
      (data) => {
        if (!here) return;
        setName(data.film.name);
        setSaid("");
        take_away = mount(room.current!, data, host);
      },
      (error: Error) => setSaid(error.message),
    );
    return () => {
      here = false;
      take_away();
    };
  }, [film, answerers, at_s]);
  return (
    <>
      <h1>{name || "Film"}</h1>
      {said && <p role="status">{said}</p>}
      <div ref={room} />
    </>
  );
}

function Library() {
  const [films, setFilms] = useState<FilmCard[]>([]);
  const [total, setTotal] = useState(0);
  const [found, setFound] = useState<Evidence[] | null>(null);
  const [answers, setAnswers] = useState<Asked[]>([]);
  const [said, setSaid] = useState("");
  const more = async (from: number) => {
    const next = await api.films(from);
    setFilms((before) => [...before.slice(0, from), ...next.films]);
    setTotal(next.total);
  };
  useEffect(() => {
    more(0).catch((error: Error) => setSaid(error.message));
  }, []);
  const look = async (text: string, ask: boolean) => {
    setSaid("Looking …");
    try {
      setAnswers(ask ? await api.ask(text, null, [], []) : []);
      setFound(ask ? null : await api.search(text));
      setSaid("");
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  return (
    <>
      <h1>Library</h1>
      <Search look={look} />
      <p role="status">{said}</p>
      {answers.map((asked) => (
        <section class="found" aria-label="Answer">
          <h2>{asked.question}</h2>
          <p class="said">{asked.answer}</p>
          {asked.reason && <p class="soft">{asked.reason}</p>}
          <Moments found={asked.evidence} />
        </section>
      ))}
      {found && (
        <section class="found" aria-label="Found">
          <h2>{found.length ? "Found" : "Nothing found"}</h2>
          <Moments found={found} />
        </section>
      )}
      <Intake done={() => more(0)} />
      <ul class="films" aria-label="Films">
        {films.map((film) => (
          <li key={film.id}>
            <a href={`#film/${film.id}`}>
              <img src={film.picture} alt="" loading="lazy" />
              <span class="name">{film.name}</span>
              <span class="soft">
                {clock(film.duration_s)}
                {film.status !== "ready" && `, ${film.status}`}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {films.length < total && (
        <button onClick={() => more(films.length)}>
          More of {total} films
        </button>
      )}
      {!films.length && !said && <p class="soft">No film yet: add one above.</p>}
    </>
  );
}

function Search({ look }: { look: (text: string, ask: boolean) => void }) {
  const [text, setText] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    if (text.trim()) look(text.trim(), false);
  };
  return (
    <form class="search" role="search" onSubmit={submit}>
      <input
        type="search"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        placeholder="Search or ask all films"
        aria-label="Search or ask all films"
      />
      <button class="strong" disabled={!text.trim()}>Search</button>
      <button type="button" disabled={!text.trim()} onClick={() => look(text.trim(), true)}>
        Ask
      </button>
    </form>
  );
}

function Moments({ found }: { found: Evidence[] }) {
  return (
    <ul class="moments">
      {found.map((moment, i) => (
        <li key={i}>
          <a href={`#film/${moment.film}@${moment.start_s}`}>
            {moment.picture && <img src={moment.picture} alt="" loading="lazy" />}
            <span class="name">
              {moment.film_name}, {clock(moment.start_s)}
            </span>
            <span class="soft">{moment.text || moment.kind}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Intake({ done }: { done: () => void }) {
  const [jobs, setJobs] = useState<Job[]>([]);
  const [said, setSaid] = useState("");
  const open = jobs.filter((job) => job.status === "waiting" || job.status === "running").length;
  const before = useRef(0);
  useEffect(() => {
    api.jobs().then(setJobs, () => undefined);
  }, []);
  useEffect(() => {
    if (before.current > open) done();
    before.current = open;
    if (!open) return;
    const timer = setInterval(() => api.jobs().then(setJobs, () => undefined), LOOK_MS);
    return () => clearInterval(timer);
  }, [open]);
  const upload = async (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    for (const file of input.files ?? []) {
      setSaid(`Sending ${file.name} …`);
      try {
        const job = await api.upload(file);
        setJobs((all) => [...all, job]);
        setSaid("");
      } catch (error) {
        setSaid((error as Error).message);
      }
    }
    input.value = "";
  };
  return (
    <section class="intake" aria-label="Add films">
      <label class="file">
        Add films
        <input type="file" accept="video/*,.mkv" multiple onChange={upload} />
      </label>
      <span role="status">{said}</span>
      <ul>
        {jobs.map((job) => (
          <li key={job.id}>
            <span class="name">{job.name}</span>
            {job.status === "running" || job.status === "waiting" ? (
              <progress max={job.of_s || 1} value={job.done_s} aria-label={job.name} />
            ) : (
              <span class={job.status === "failed" ? "warning" : "soft"}>{job.status}</span>
            )}
            {job.note && <span class="soft">{job.note}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function start(element: HTMLElement): void {
  const root = element.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css + app_css);
  root.adoptedStyleSheets = [sheet];
  draw(<App />, root);
}
