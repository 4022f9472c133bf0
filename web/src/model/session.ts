// Who sits here: nobody yet, a first visitor, a user. When a sign-in ends under a user the screen stays as it is
// and `isOver` asks for a sheet above it.
import { parseInstant, type Instant } from '../value';
import { ApiError, type Api, type Role, type WireAccount, type WireUser } from '../wire';
import { Cell } from './cell';

export type SessionPhase = 'loading' | 'unreachable' | 'setup' | 'signed-out' | 'signed-in';

export interface User {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly hasTwoStep: boolean;
}

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly venue: string;
  readonly venueKind: WireAccount['venue_kind'];
  readonly profile: string;
  readonly plan: string;
}

export class Session {
  readonly phase = new Cell<SessionPhase>('loading');
  readonly user = new Cell<User | undefined>(undefined);
  readonly accounts = new Cell<readonly Account[]>([]);
  readonly isOver = new Cell(false);
  readonly setup = new Cell<{ isAllowed: boolean; reason: string }>({ isAllowed: true, reason: '' });
  readonly expiresAt = new Cell<Instant | undefined>(undefined);
  /** Somebody signed in again under the same screen. */
  onReturn: () => void = () => undefined;

  /** `link` is the one-time link of the address a first owner came by; empty otherwise. */
  constructor(readonly api: Api, readonly link = '') {
    api.onSignedOut = () => { this.ended(); };
  }

  async load(): Promise<void> {
    try {
      this.take(await this.api.me());
      this.phase.set('signed-in');
    } catch (error) {
      if (error instanceof ApiError && error.code === 'NOT_SIGNED_IN') await this.nobody();
      else this.phase.set('unreachable');
    }
  }

  /** After a sign-in, a set-up or an accepted invitation. Another user than before gets a fresh screen. */
  async entered(): Promise<void> {
    const before = this.user.value;
    this.take(await this.api.me());
    const isSame = before !== undefined && before.id === this.user.value?.id;
    if (before !== undefined && !isSame) this.phase.set('loading');
    this.isOver.set(false);
    this.phase.set('signed-in');
    if (isSame) this.onReturn();
  }

  async refresh(): Promise<void> {
    this.take(await this.api.me());
  }

  async leave(): Promise<void> {
    await this.api.call('post', '/api/logout', {});
    this.user.set(undefined);
    this.isOver.set(false);
    this.phase.set('signed-out');
  }

  /** The server ended the sign-in. */
  ended(): void {
    if (this.phase.value === 'signed-in') this.isOver.set(true);
  }

  get canTrade(): boolean {
    return this.user.value !== undefined && this.user.value.role !== 'viewer';
  }

  private async nobody(): Promise<void> {
    try {
      const state = await this.api.call('get', '/api/setup', { query: this.link === '' ? {} : { link: this.link } });
      this.setup.set({ isAllowed: state.allowed, reason: state.reason });
      this.phase.set(state.needs_owner ? 'setup' : 'signed-out');
    } catch {
      this.phase.set('unreachable');
    }
  }

  private take(me: { user: WireUser; accounts: WireAccount[] | null; login_expires_at: string }): void {
    const { id, username, role, has_two_step } = me.user;
    this.user.set({ id, username, role, hasTwoStep: has_two_step });
    this.accounts.set((me.accounts ?? []).map((a) => (
      { id: a.id, name: a.name, venue: a.venue, venueKind: a.venue_kind, profile: a.profile, plan: a.plan })));
    this.expiresAt.set(parseInstant(me.login_expires_at));
  }
}
