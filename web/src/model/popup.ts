// The session popup: a window that goes to the broker's login page and comes back to our callback. Under our cross-origin opener policy
// a window that has left our origin cannot be watched any more (it looks closed although it is open), so how it went is heard from the
// server: by a broadcast of the popup's last page, by the event stream, and as a last resort by asking.
import type { PopupOutcome, PopupStart } from '../wire';
import { Cell } from './cell';
import { ProofDeclined, isProofRequired, type Proof } from './proof';

/** What is used of a window. */
export interface PopupWindow {
  readonly closed: boolean;
  close(): void;
  goto(address: string): void;
}

export interface PopupPorts {
  /** Opens an empty window at once; null when the browser refuses. */
  open(): PopupWindow | null;
  start(): Promise<PopupStart>;
  look(id: string): Promise<PopupOutcome>;
  /** Calls `heard` when another page of ours said something of an attempt. */
  channel(heard: (attempt: string) => void): () => void;
  /** Calls `back` when the user comes back to this page. */
  onReturn(back: () => void): () => void;
  after(ms: number, run: () => void): () => void;
  /** UTC milliseconds. */
  now(): number;
  /** This page's address as the user knows it, for the way to allow popups. */
  readonly site: string;
}

export type PopupStep = 'idle' | 'opening' | 'waiting' | 'unfinished' | 'ok' | 'blocked' | 'failed';

export interface PopupState {
  readonly step: PopupStep;
  readonly text: string;
}

const LOOK_MS = 3_000;
const RETURN_MS = 1_500;
const ADDRESS = /^\/api\/broker\/popup\/[\w-]+\/open$/;

/** Why the popup cannot come back to a page at `origin`, "" when it can. The server says so too; this holds behind a proxy that rewrites addresses. */
export function popupElsewhere(redirectUrl: string, origin: string): string {
  const home = URL.parse(redirectUrl)?.origin;
  return home === undefined || home === origin ? '' : `The popup comes back to ${home}, and this page is at ${origin}. Open PaperPort at ${home} to use it.`;
}

export class Popup {
  readonly state = new Cell<PopupState>({ step: 'idle', text: '' });
  /** The session arrived. */
  onDone: () => void = () => undefined;
  private id = '';
  private expiresAt = Infinity;
  private window: PopupWindow | null = null;
  private stops: (() => void)[] = [];

  constructor(private readonly ports: PopupPorts, private readonly proof: Proof) {}

  /** To be called in the turn of the user's press: the window opens before anything is awaited. */
  async begin(): Promise<void> {
    this.end();
    if (!this.openWindow()) return;
    try {
      this.wait(await this.startProven());
    } catch (error) {
      this.window?.close();
      this.finish(error instanceof ProofDeclined ? 'idle' : 'failed', error instanceof Error ? error.message : 'The popup could not be started.');
    }
  }

  /** The connection changed: perhaps this attempt ended. */
  nudge(): void {
    if (this.id !== '') void this.look(this.id);
  }

  /** The page is left; the attempt goes on without it. */
  end(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
    this.id = '';
  }

  private openWindow(): boolean {
    this.window = this.ports.open();
    if (this.window === null || this.window.closed) {
      this.finish('blocked', `Popup blocked by browser. Allow popups for ${this.ports.site} (the blocked-window icon in the address bar, or the browser's site settings), then press Generate Session Popup again.`);
      return false;
    }
    this.state.set({ step: 'opening', text: 'Opening the login page…' });
    return true;
  }

  /** An empty window in front of the question for the password would hide it: it closes, and another opens with the answer. */
  private async startProven(): Promise<PopupStart> {
    try {
      return await this.ports.start();
    } catch (error) {
      if (!isProofRequired(error)) throw error;
    }
    this.window?.close();
    this.state.set({ step: 'opening', text: 'Confirm that it is you; then the login page opens.' });
    let isOpen = false;
    await this.proof.ask({
      giving: () => { isOpen = this.openWindow(); },
      refused: () => { this.window?.close(); },
    });
    if (!isOpen) throw new Error(this.state.value.text);
    return this.ports.start();
  }

  private wait(started: PopupStart): void {
    if (this.window === null || this.window.closed) {
      this.finish('failed', 'The popup was closed before the login page opened. Nothing was sent. Press Generate Session Popup to start again.');
      return;
    }
    if (!ADDRESS.test(started.address)) throw new Error('The server gave no address for the popup.');
    this.id = started.id;
    this.expiresAt = Date.parse(started.expires_at);
    this.state.set({ step: 'waiting', text: 'Log in on the broker’s page in the popup, with the code from your authenticator app. The popup closes by itself and this page updates.' });
    this.stops.push(this.ports.channel((attempt) => { if (attempt === started.id) this.nudge(); }));
    this.stops.push(this.ports.onReturn(() => { this.stops.push(this.ports.after(RETURN_MS, () => void this.look(started.id, true))); }));
    this.window.goto(started.address);
    this.poll(started.id);
  }

  private poll(id: string): void {
    this.stops.push(this.ports.after(LOOK_MS, () => {
      void this.look(id).then(() => { if (this.id === id) this.poll(id); });
    }));
  }

  private async look(id: string, isBack = false): Promise<void> {
    const seen = await this.ports.look(id).catch(() => undefined);
    if (this.id !== id) return;
    if (seen !== undefined && seen.outcome !== '') this.finish(seen.outcome === 'ok' ? 'ok' : 'failed', seen.text);
    else if (this.ports.now() >= this.expiresAt) this.finish('failed', 'The popup was not finished in time. Press Generate Session Popup to start again.');
    else if (isBack) {
      this.state.set({ step: 'unfinished', text: 'No session came from the popup. If you closed it before the login was finished, press Generate Session Popup again; if it is still open, go on in it.' });
    }
  }

  private finish(step: PopupStep, text: string): void {
    this.end();
    this.state.set({ step, text });
    if (step === 'ok') this.onDone();
  }
}
