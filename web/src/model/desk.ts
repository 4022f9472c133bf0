// The desk of one account: its stream, prices, lists and books. Another account gets another desk.
import { Stream, isOpen, type Instrument, type LiveEvent, type Order, type StreamState, type Venue } from '../live';
import { decodeVenue } from '../live';
import { formatPrice, formatCount, priceText, type Instant, type Price } from '../value';
import type { Side } from '../wire';
import { Book } from './book';
import { Cell } from './cell';
import { Instruments } from './instruments';
import { Notices } from './notices';
import { QuoteBook } from './quotes';
import type { Account, Session } from './session';
import { Ticket, isPriced, isStop, type TicketForm } from './ticket';
import { VenueClock } from './venue';
import { Wants } from './wants';
import { Watchlists } from './watchlist';
import type { World } from './world';

const FALLBACK_LOAD_MS = 1_500;
const TICK_MS = 500;
const RED_TOLD_MS = 5_000;
const PINNED = ['NIFTY', 'SENSEX', 'BANKNIFTY'] as const;

export class Desk {
  readonly quotes: QuoteBook;
  readonly wants: Wants;
  readonly instruments: Instruments;
  readonly watchlists: Watchlists;
  readonly book: Book;
  readonly notices: Notices;
  readonly clock: VenueClock;
  readonly streamState = new Cell<StreamState>('idle');
  readonly venueState: Cell<Venue | undefined>;
  /** The indices of the top bar, as far as the venue has them. */
  readonly pinned = new Cell<readonly Instrument[]>([]);
  /** The instrument the terminal shows. */
  readonly chosen = new Cell<number | undefined>(undefined);
  readonly ticket = new Cell<Ticket | undefined>(undefined);
  /** Counts the times that the user's broker connection or notices may have changed. */
  readonly brokerNews = new Cell(0);
  private readonly stream: Stream;
  private stopTick: () => void = () => undefined;
  private isClosed = false;

  constructor(readonly session: Session, readonly account: Account, readonly world: World) {
    const { api } = session;
    this.quotes = new QuoteBook((run) => { world.frame(run); });
    this.clock = new VenueClock(() => world.monotonic());
    this.venueState = this.clock.venue;
    this.notices = new Notices(() => this.now(), (ms, run) => { world.after(ms, run); });
    this.stream = new Stream(world, {
      onEvent: (event) => { this.take(event); },
      onState: (state) => { this.streamState.set(state); },
      onRefused: () => { void this.session.refresh().catch(() => undefined); },
    });
    this.wants = new Wants((quotes, depth) => { this.stream.watch(account.venue, quotes, depth); });
    this.instruments = new Instruments(api, account.venue);
    this.watchlists = new Watchlists(api, account.venue);
    this.watchlists.onFailure = (message) => { this.notices.say('bad', 'Watch list not saved', message); };
    this.book = new Book(api, account.id);
    this.book.onOrder = (order, before) => { this.announce(order, before); };
    this.watchVenue();
  }

  /** The venue's time; the browser's before the first word from it. */
  now(): Instant {
    return this.clock.now.value ?? this.world.now();
  }

  start(): void {
    this.stream.follow(this.account.id, 0);
    this.wants.resend();
    this.stream.start();
    this.tick();
    this.world.after(FALLBACK_LOAD_MS, () => { if (this.book.state.value !== 'ready' && !this.isClosed) void this.book.load(); });
    void this.watchlists.load().then(() => { this.chooseFirst(); });
    void this.loadVenue();
    void this.findPinned();
  }

  close(): void {
    this.isClosed = true;
    this.stopTick();
    this.stream.stop();
    this.closeTicket();
  }

  /** Signed in again, back online, or the tab returned. */
  resume(): void {
    if (this.isClosed) return;
    this.stream.start();
    this.stream.hurry();
  }

  openTicket(side: Side, instrument: Instrument, change: Partial<TicketForm> = {}): void {
    if (!instrument.is_orderable) {
      this.notices.say('warn', `${instrument.label} cannot be traded`, 'An index has no orders of its own: trade its futures or options.');
      return;
    }
    const last = this.ticket.value;
    if (last !== undefined && last.instrument.id === instrument.id && last.amends === undefined && last.phase.value === 'editing') {
      last.edit({ side, ...change });
      return;
    }
    const product = instrument.products[0] ?? 'MIS';
    this.putTicket(new Ticket(this.ticketPorts(), instrument, {
      side, product, type: 'market', validity: 'day', qty: String(instrument.kind === 'equity' ? 1 : instrument.lot_size), price: '', trigger: '', minutes: 0, ...change }));
  }

  amend(order: Order, instrument: Instrument): void {
    const { side, product, validity, minutes, qty, price, trigger_price } = order;
    // A stop that has gone off works as a limit order; its trigger is history.
    const type = isStop(order.type) && order.triggered_at !== undefined ? 'limit' : order.type;
    const text = (p: Price | undefined): string => (p === undefined ? '' : priceText(p));
    this.putTicket(new Ticket(this.ticketPorts(), instrument,
      { side, product, type, validity, minutes, qty: String(qty), price: isPriced(type) ? text(price) : '', trigger: text(trigger_price) },
      { orderId: order.id, filledQty: order.filled_qty, minutes }));
  }

  closeTicket(): void {
    this.ticket.value?.dispose();
    this.ticket.set(undefined);
  }

  async cancel(order: Order): Promise<void> {
    try {
      await this.session.api.cancel(this.account.id, order.id, this.world.newId());
    } catch (error) {
      this.notices.say('bad', `${order.label}: not cancelled`, error instanceof Error ? error.message : '');
    }
  }

  private putTicket(ticket: Ticket): void {
    this.closeTicket();
    this.ticket.set(ticket);
  }

  private ticketPorts() {
    return {
      api: this.session.api, account: this.account.id, newId: () => this.world.newId(), after: (ms: number, run: () => void) => this.world.after(ms, run) };
  }

  private take(event: LiveEvent): void {
    switch (event.t) {
      case 'quotes': if (event.venue === this.account.venue) this.quotes.takeQuotes(event.quotes); return;
      case 'depth': if (event.venue === this.account.venue) this.quotes.takeDepth(event.depth); return;
      case 'venue': if (event.venue.id === this.account.venue) this.clock.take(event.venue); return;
      case 'account': this.book.take(event.event); return;
      case 'caught-up': if (this.book.state.value !== 'ready') void this.book.load(); return;
      case 'resync': void this.book.load(); return;
      case 'signed-out': this.session.ended(); return;
      case 'hello': this.session.expiresAt.set(event.expiresAt); this.tellBroker(); return;
      case 'broker': case 'notices': this.tellBroker(); return;
      case 'error': this.notices.say('warn', 'Live data', event.detail); return;
      case 'pong': return;
    }
  }

  /** Also after a new connection: what happened while away is not told again. */
  private tellBroker(): void {
    this.brokerNews.set(this.brokerNews.value + 1);
  }

  private tick(): void {
    this.clock.tick();
    this.stopTick = this.world.after(TICK_MS, () => { this.tick(); });
  }

  private watchVenue(): void {
    let day: string | undefined;
    this.clock.venue.subscribe((venue) => {
      if (venue?.needs_broker) this.quotes.clear();
      if (venue === undefined || venue.trading_date === day) return;
      if (day !== undefined) void this.book.load();
      day = venue.trading_date;
    });
    this.watchLamp();
  }

  /** Tells of prices that stopped, once they were so for a while, and of their return. */
  private watchLamp(): void {
    let isTold = false;
    let stop: (() => void) | undefined;
    this.clock.lamp.subscribe(({ lamp }) => {
      // A tape of minute bars is silent between two of them.
      if (this.clock.venue.value?.feed.source === 'tape') return;
      if (lamp === 'red') {
        stop ??= this.world.after(RED_TOLD_MS, () => {
          isTold = true;
          this.notices.say('warn', 'Prices have stopped', this.clock.venue.value?.feed.detail ?? '');
        });
        return;
      }
      stop?.();
      stop = undefined;
      if (lamp !== 'green' || !isTold) return;
      isTold = false;
      this.notices.say('info', 'Prices are back');
    });
  }

  private async loadVenue(): Promise<void> {
    const answer = await this.session.api.venues().catch(() => undefined);
    const mine = answer?.venues.find((v) => v.id === this.account.venue);
    if (mine !== undefined && this.clock.venue.value === undefined) this.clock.take(decodeVenue(mine));
  }

  private async findPinned(): Promise<void> {
    const found = await Promise.all(PINNED.map((name) => this.instruments.search(name, 10).catch(() => [])));
    this.pinned.set(found.flatMap((rows) => rows.find((row) => row.kind === 'index') ?? []));
    this.wants.want(this.pinned.value.map((row) => row.id));
    if (this.watchlists.state.value === 'ready') this.chooseFirst();
  }

  private chooseFirst(): void {
    if (this.chosen.value === undefined) this.chosen.set(this.watchlists.rows.value[0] ?? this.pinned.value[0]?.id);
  }

  private announce(order: Order, before: Order | undefined): void {
    if (before?.status === order.status) return;
    const what = `${order.side === 'buy' ? 'Buy' : 'Sell'} ${formatCount(order.qty)} ${order.label}`;
    const id = `Order ${order.id}`;
    switch (order.status) {
      case 'executed':
        this.notices.say('good', `${what} executed`, `${id} · average ${order.avg_price === undefined ? '–' : formatPrice(order.avg_price)} · simulated`);
        return;
      case 'trigger-pending': this.notices.say('info', `${what} waits for its trigger`, id); return;
      case 'open': if (order.type !== 'market' && order.validity !== 'ioc') this.notices.say('info', `${what} is open`, id); return;
      case 'cancelled': case 'expired': this.notices.say('info', `${what} ${order.status}`, order.reason === '' ? id : `${id} · ${order.reason}`); return;
      case 'rejected': this.notices.say('bad', `${what} rejected`, `${order.reason} · ${id}`); return;
      case 'pending': case 'denied': return;
    }
  }
}

export function countOpen(orders: readonly Order[]): number {
  return orders.filter(isOpen).length;
}
