// The event stream: one socket, connected again for ever with growing, jittered pauses. After every connect it says again
// what is watched and resumes the account from the last number it saw. Silence counts as a broken socket.
import type { WireEvent, WireRequest } from '../wire';
import { decodeEvent, type LiveEvent } from './event';

export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

/** What the stream needs of the world; tests bring their own. */
export interface StreamPorts {
  connect(): Socket;
  after(ms: number, run: () => void): () => void;
  now(): number;
  random(): number;
}

export type StreamState = 'idle' | 'connecting' | 'open' | 'down';

export interface StreamHandler {
  onEvent(event: LiveEvent): void;
  onState(state: StreamState): void;
  /** A connection ended before it opened: the server is away or the sign-in is over. */
  onRefused(): void;
}

const PAUSE_MIN_MS = 300;
const PAUSE_MAX_MS = 5_000;
const SILENCE_PING_MS = 5_000;
const SILENCE_MAX_MS = 10_000;
const CLOSE_SIGNED_OUT = 4001;

export class Stream {
  private socket: Socket | undefined;
  private isOpen = false;
  private wantsSocket = false;
  private tries = 0;
  private heardAt = 0;
  private stopTimer: () => void = () => undefined;
  private stopWatchdog: () => void = () => undefined;
  private watched: WireRequest | undefined;
  private account: { id: string; seq: number } | undefined;
  /** Messages that could not be read; shown nowhere but kept for the curious and for tests. */
  unreadable = 0;

  constructor(private readonly ports: StreamPorts, private readonly handler: StreamHandler) {}

  start(): void {
    this.wantsSocket = true;
    this.tries = 0;
    if (this.socket === undefined) this.open();
  }

  stop(): void {
    this.wantsSocket = false;
    this.drop('idle');
  }

  /** Tries now instead of after the pause: the browser came online or the tab came back. */
  hurry(): void {
    if (this.wantsSocket && this.socket === undefined) this.open();
  }

  /** Replaces the whole set of what is watched. */
  watch(venue: string, quotes: number[], depth: number[]): void {
    this.watched = { op: 'watch', venue, quotes, depth };
    this.send(this.watched);
  }

  /** Follows an account from after `seq`; zero when nothing of it is known yet. */
  follow(id: string, seq = 0): void {
    this.account = { id, seq };
    this.send({ op: 'account', account: id, after: seq });
  }

  private send(request: WireRequest): void {
    if (this.isOpen) this.socket?.send(JSON.stringify(request));
  }

  private open(): void {
    this.stopTimer();
    this.handler.onState('connecting');
    const socket = this.ports.connect();
    this.socket = socket;
    socket.onopen = () => { this.opened(); };
    socket.onmessage = (message) => { this.heard(message.data); };
    socket.onclose = (event) => { if (this.socket === socket) this.closed(event.code); };
  }

  private opened(): void {
    this.isOpen = true;
    this.tries = 0;
    this.heardAt = this.ports.now();
    this.handler.onState('open');
    if (this.watched !== undefined) this.send(this.watched);
    if (this.account !== undefined) this.send({ op: 'account', account: this.account.id, after: resumeFrom(this.account.seq) });
    this.guard();
  }

  private guard(): void {
    this.stopWatchdog();
    this.stopWatchdog = this.ports.after(SILENCE_PING_MS / 2, () => {
      const silent = this.ports.now() - this.heardAt;
      if (silent >= SILENCE_MAX_MS) {
        this.lost();
        return;
      }
      if (silent >= SILENCE_PING_MS) this.send({ op: 'ping' });
      this.guard();
    });
  }

  private heard(data: unknown): void {
    this.heardAt = this.ports.now();
    for (const message of unpack(data)) {
      const event = this.read(message);
      if (event !== undefined) this.pass(event);
    }
  }

  private read(message: WireEvent): LiveEvent | undefined {
    try {
      return decodeEvent(message);
    } catch {
      this.unreadable += 1;
      return undefined;
    }
  }

  private pass(event: LiveEvent): void {
    if (event.t === 'account' || event.t === 'caught-up') {
      if (event.account !== this.account?.id || event.seq < this.account.seq) return;
      this.account.seq = event.seq;
    }
    if (event.t === 'signed-out') this.wantsSocket = false;
    this.handler.onEvent(event);
  }

  private closed(code: number): void {
    const wasOpen = this.isOpen;
    if (code === CLOSE_SIGNED_OUT) this.wantsSocket = false;
    this.drop(this.wantsSocket ? 'down' : 'idle');
    if (!this.wantsSocket) return;
    if (!wasOpen) this.handler.onRefused();
    this.retry();
  }

  private lost(): void {
    this.drop('down');
    if (this.wantsSocket) this.retry();
  }

  private retry(): void {
    const pause = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** this.tries) * (0.5 + this.ports.random() / 2);
    this.tries += 1;
    this.stopTimer = this.ports.after(pause, () => { if (this.wantsSocket) this.open(); });
  }

  private drop(state: StreamState): void {
    const socket = this.socket;
    this.socket = undefined;
    this.isOpen = false;
    this.stopTimer();
    this.stopWatchdog();
    if (socket !== undefined) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.handler.onState(state);
  }
}

/** Several events may share a number and the cut may have fallen between them, so the last number is asked for again. */
function resumeFrom(seq: number): number {
  return Math.max(0, seq - 1);
}

function unpack(data: unknown): WireEvent[] {
  if (typeof data !== 'string') return [];
  try {
    const parsed: unknown = JSON.parse(data);
    return (Array.isArray(parsed) ? parsed : [parsed]) as WireEvent[];
  } catch {
    return [];
  }
}
