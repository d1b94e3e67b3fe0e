// What the parts of the viewer share: the film's clock, the question that is open, what plays.
import { batch, computed, signal } from "@preact/signals";
import type { Asked, Evidence, Host, ViewDocument } from "./document";

const STEP_S = 5;
const INSIDE_S = 0.01; // a film that is sent to a second may show the frame just before it
const SMALLEST_WINDOW_S = 2;

// -> the question that is open at first: the wanted one, else the first whose answer shows something
function firstShown(questions: Asked[], wanted: number | undefined): number {
  const tests = [
    (q: Asked) => wanted !== undefined && q.id === wanted,
    (q: Asked) => !q.abstained && q.evidence.length > 0,
    (q: Asked) => !q.abstained,
  ];
  const found = tests.map((test) => questions.findIndex(test)).find((i) => i >= 0);
  return found ?? 0;
}

export class Viewer {
  readonly time_s = signal(0);
  readonly playing = signal(false);
  readonly only_evidence = signal(false);
  readonly failed = signal("");
  readonly show_boxes = signal(true);
  readonly show_help = signal(false);
  readonly zoom = signal(1); // the whole film is 1 wide
  readonly questions = signal<Asked[]>([]);
  readonly chosen = signal(0); // among the questions
  readonly card = signal(-1); // the piece of evidence that was gone to last
  readonly asked = computed<Asked | undefined>(() => this.questions.value[this.chosen.value]);
  // those that answer beside the chosen one, itself among them
  readonly beside = computed<Asked[]>(() => {
    const { together } = this.asked.value ?? {};
    return this.questions.value.filter((q) =>
      together === undefined ? q === this.asked.value : q.together === together,
    );
  });
  readonly evidence = computed<Evidence[]>(() => this.asked.value?.evidence ?? []);
  private film: HTMLVideoElement | null = null;
  private frame = 0;
  private rounds = 0;
  open_s = 0;

  constructor(
    readonly data: ViewDocument,
    readonly host: Host,
  ) {
    this.questions.value = data.questions;
    this.chosen.value = firstShown(data.questions, host.question);
  }

  attach(film: HTMLVideoElement | null): void {
    this.film = film;
    if (this.open_s) this.seek(this.open_s + INSIDE_S);
  }

  // one look at the film's clock for every picture that the screen shows
  watch = (): void => {
    cancelAnimationFrame(this.frame);
    const film = this.film;
    if (!film) return;
    this.time_s.value = film.currentTime;
    this.playing.value = !film.paused && !film.ended;
    if (!this.playing.value) return;
    if (this.only_evidence.value) this.skipToEvidence(film);
    this.frame = requestAnimationFrame(this.watch);
  };

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.film?.pause();
  }

  seek(t_s: number): void {
    const to_s = Math.min(Math.max(0, t_s), this.data.film.duration_s);
    this.time_s.value = to_s;
    if (this.film) this.film.currentTime = to_s;
  }

  step(by: number): void {
    this.seek(this.time_s.value + by * STEP_S);
  }

  toggle = (): void => {
    if (this.playing.value) this.film?.pause();
    else this.play();
  };

  playEvidence = (): void => {
    const spans = this.spans();
    this.only_evidence.value = !this.only_evidence.value && spans.length > 0;
    if (!this.only_evidence.value) return this.film?.pause();
    this.seek(spans[0][0] + INSIDE_S);
    this.play();
  };

  goTo(card: number, of?: Asked): void {
    if (of && of !== this.asked.value) this.choose(this.questions.value.indexOf(of));
    const found = this.evidence.value[card];
    if (!found || found.film !== this.data.film.id) return;
    batch(() => {
      this.card.value = card;
      this.seek(Math.min(found.start_s + INSIDE_S, (found.start_s + found.end_s) / 2));
    });
  }

  // the evidence in the film's order, from where it stands
  next(direction: 1 | -1): void {
    const order = this.evidence.value
      .map((found, card) => ({ card, start_s: found.start_s, film: found.film }))
      .filter((found) => found.film === this.data.film.id)
      .sort((a, b) => a.start_s - b.start_s || a.card - b.card);
    if (!order.length) return;
    const at = order.findIndex((found) => found.card === this.card.value);
    const to = at < 0 ? (direction > 0 ? 0 : order.length - 1) : at + direction;
    this.goTo(order[(to + order.length) % order.length].card);
  }

  choose(question: number): void {
    batch(() => {
      this.chosen.value = question;
      this.card.value = -1;
      this.only_evidence.value = false;
    });
  }

  add(asked: Asked[]): void {
    const together = asked.length > 1 ? (this.rounds += 1) : undefined;
    batch(() => {
      this.questions.value = [...this.questions.value, ...asked.map((q) => ({ ...q, together }))];
      this.choose(this.questions.value.length - asked.length);
      if (this.evidence.value.length) this.goTo(0);
    });
  }

  replace(before: Asked, after: Asked): void {
    this.questions.value = this.questions.value.map((q) => (q === before ? after : q));
  }

  zoomBy(factor: number): void {
    const most = Math.max(1, this.data.film.duration_s / SMALLEST_WINDOW_S);
    this.zoom.value = Math.min(most, Math.max(1, this.zoom.value * factor));
  }

  private play(): void {
    this.film?.play().catch((error: Error) => {
      if (error.name !== "AbortError") this.failed.value = error.message;
    });
  }

  private spans(): [number, number][] {
    const own = this.evidence.value.filter((found) => found.film === this.data.film.id);
    const sorted = own.map((e): [number, number] => [e.start_s, e.end_s]).sort((a, b) => a[0] - b[0]);
    const joined: [number, number][] = [];
    for (const [start_s, end_s] of sorted) {
      const last = joined.at(-1);
      if (last && start_s <= last[1]) last[1] = Math.max(last[1], end_s);
      else joined.push([start_s, end_s]);
    }
    return joined;
  }

  private skipToEvidence(film: HTMLVideoElement): void {
    const now_s = film.currentTime;
    const ahead = this.spans().find(([, end_s]) => now_s < end_s);
    if (!ahead) {
      this.only_evidence.value = false;
      film.pause();
    } else if (now_s < ahead[0]) film.currentTime = ahead[0] + INSIDE_S;
  }
}
