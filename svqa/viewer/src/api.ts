// The routes of `svqa serve` that the app uses; the session's cookie goes along by itself.
import type { Asked, Correction, Evidence, ViewDocument } from "./document";

export interface FilmCard {
  id: string;
  name: string;
  duration_s: number;
  status: string;
  note: string;
  picture: string;
}
export interface Job {
  id: number;
  name: string;
  status: "waiting" | "running" | "done" | "failed";
  done_s: number;
  of_s: number;
  note: string;
  film: string;
}

async function call<T>(path: string, options?: RequestInit): Promise<T> {
  const reply = await fetch(path, options);
  const data = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(data.error ?? `The server said ${reply.status}.`);
  return data as T;
}

const send = <T>(path: string, body: unknown) =>
  call<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

export const api = {
  films: (offset: number) =>
    call<{ films: FilmCard[]; total: number }>(`/api/films?offset=${offset}`),
  film: (id: string) => call<ViewDocument>(`/api/films/${id}`),
  answerers: () => call<string[]>("/api/answerers"),
  search: (text: string) => call<Evidence[]>(`/api/search?text=${encodeURIComponent(text)}`),
  ask: (question: string, film: string | null, options: string[], answerers: string[]) =>
    send<Asked[]>("/api/ask", { question, film, options, answerers }),
  correct: (question: number, correction: Correction, film: string | null) =>
    send<unknown>("/api/corrections", { question, film, ...correction }),
  jobs: () => call<Job[]>("/api/jobs"),
  upload: (file: File) =>
    call<Job>(`/api/films?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file }),
};
