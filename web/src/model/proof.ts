// Confirm it is you, in place: a request that is refused for an old proof waits for the password and is then sent again as it was.
import { ApiError } from '../wire';
import { Cell } from './cell';

/** The user closed the question. It has a sentence because whoever waits for the request shows it. */
export class ProofDeclined extends Error {
  constructor() {
    super('Not done: it was not confirmed that it is you. What you typed is still here.');
  }
}

/** What else happens when the user answers. */
export interface ProofHooks {
  /** Called in the very turn of the user's press, before anything is sent: only then may a browser open a window. */
  giving(): void;
  /** The password was not accepted; the question stays. */
  refused(): void;
}

interface Asking extends ProofHooks {
  done(isProven: boolean): void;
}

const NOTHING: ProofHooks = { giving: () => undefined, refused: () => undefined };

export class Proof {
  /** Whether the question is on screen. */
  readonly isAsked = new Cell(false);
  private waiting: Asking[] = [];

  /** `prove` sends password and code; it fails with the server's sentence. */
  constructor(private readonly prove: (password: string, code: string) => Promise<unknown>) {}

  /** Runs `work`; when the server asks for a proof, gets one and runs it once more. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isProofRequired(error)) throw error;
    }
    await this.ask();
    return work();
  }

  /** Resolves when a proof was accepted, rejects with ProofDeclined when the question was closed. Several may wait for one answer. */
  ask(hooks = NOTHING): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ ...hooks, done: (isProven) => { if (isProven) resolve(); else reject(new ProofDeclined()); } });
      this.isAsked.set(true);
    });
  }

  /** Sends what the user typed. Fails with the server's sentence, and the question stays. */
  async give(password: string, code: string): Promise<void> {
    for (const one of this.waiting) one.giving();
    try {
      await this.prove(password, code);
    } catch (error) {
      for (const one of this.waiting) one.refused();
      throw error;
    }
    this.settle(true);
  }

  decline(): void {
    this.settle(false);
  }

  private settle(isProven: boolean): void {
    const waiting = this.waiting;
    this.waiting = [];
    this.isAsked.set(false);
    for (const one of waiting) one.done(isProven);
  }
}

export function isProofRequired(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'PROOF_REQUIRED';
}
