// What the server keeps for the user until he has seen it: a renewal that failed, a session that ended, a backup that is missing.
import { parseInstant, type Instant } from '../value';
import type { BrokerApi, WireNotice } from '../wire';
import { Cell } from './cell';
import type { Account } from './session';

export interface ServerNotice {
  readonly id: string;
  readonly at: Instant | undefined;
  readonly text: string;
  readonly action: WireNotice['action'];
  /** It asks for something: it also shows as a strip until it is seen. */
  readonly isUrgent: boolean;
  readonly isAcked: boolean;
}

const URGENT: readonly string[] = ['renewal-failed', 'needs-user', 'identity', 'session-ended', 'key-locked'];

export class ServerNotices {
  /** Newest first. */
  readonly all = new Cell<readonly ServerNotice[]>([]);

  constructor(private readonly api: Pick<BrokerApi, 'notices' | 'ack'>) {}

  async load(): Promise<void> {
    const answer = await this.api.notices().catch(() => undefined);
    if (answer === undefined) return;
    this.all.set(answer.notices.map((n) => (
      { id: n.id, at: parseInstant(n.at), text: n.text, action: n.action, isUrgent: URGENT.includes(n.kind), isAcked: n.is_acked })));
  }

  /** Seen: it goes from the strip at once, and comes back if the server did not hear it. */
  async ack(id: string): Promise<void> {
    const before = this.all.value;
    this.all.set(before.map((n) => (n.id === id ? { ...n, isAcked: true } : n)));
    await this.api.ack(id).catch(() => { this.all.set(before); });
  }
}

/** A live account that was not offered yet and whose venue has a session: `brokers` names the brokers of those venues. */
export function newLiveAccount(accounts: readonly Account[], current: string, offered: readonly string[], brokers: Readonly<Record<string, string>>): Account | undefined {
  return accounts.find((a) => a.venueKind === 'live' && a.id !== current && !offered.includes(a.id) && a.venue in brokers);
}
