// The chosen account: orders, trades, positions, holdings and funds of its trading date. Loaded over REST, then moved by
// events. Events that arrive while a load runs wait for it, so the newest state of a row always wins.
import {
  decodeFunds, decodeHolding, decodeOrder, decodePosition, decodeTrade, list, type AccountEvent, type Funds, type Holding, type Order, type Position,
  type Trade,
} from '../live';
import type { Api } from '../wire';
import { Cell } from './cell';

export type LoadState = 'loading' | 'ready' | 'failed';
export type BookApi = Pick<Api, 'orders' | 'trades' | 'positions' | 'holdings' | 'funds'>;

export class Book {
  readonly state = new Cell<LoadState>('loading');
  readonly failure = new Cell('');
  /** Newest first. */
  readonly orders = new Cell<readonly Order[]>([]);
  /** Newest first. */
  readonly trades = new Cell<readonly Trade[]>([]);
  readonly positions = new Cell<readonly Position[]>([]);
  readonly holdings = new Cell<readonly Holding[]>([]);
  readonly funds = new Cell<Funds | undefined>(undefined);
  /** Hears of every order event, after the row changed. */
  onOrder: (order: Order, before: Order | undefined) => void = () => undefined;
  private waiting: AccountEvent[] | undefined;
  private loads = 0;

  constructor(private readonly api: BookApi, readonly account: string) {}

  async load(): Promise<void> {
    const mine = ++this.loads;
    this.waiting ??= [];
    try {
      const [orders, trades, positions, holdings, funds] = await Promise.all([
        this.api.orders(this.account), this.api.trades(this.account), this.api.positions(this.account), this.api.holdings(this.account),
        this.api.funds(this.account)]);
      if (mine !== this.loads) return;
      this.orders.set(list(orders.orders, decodeOrder));
      this.trades.set(list(trades.trades, decodeTrade));
      this.positions.set(list(positions.positions, decodePosition));
      this.holdings.set(list(holdings.holdings, decodeHolding));
      this.funds.set(decodeFunds(funds));
      this.state.set('ready');
    } catch (error) {
      if (mine !== this.loads) return;
      this.failure.set(error instanceof Error ? error.message : String(error));
      if (this.state.value !== 'ready') this.state.set('failed');
    }
    const waited = this.waiting ?? [];
    this.waiting = undefined;
    for (const event of waited) this.apply(event);
  }

  take(event: AccountEvent): void {
    if (this.waiting !== undefined) this.waiting.push(event);
    else this.apply(event);
  }

  private apply(event: AccountEvent): void {
    if ('order' in event) this.applyOrder(event.order);
    else if ('trade' in event) this.trades.set(upsert(this.trades.value, event.trade, (t) => t.id, true));
    else if ('position' in event) this.positions.set(upsert(this.positions.value, event.position, (p) => `${String(p.instrument)}/${p.product}`));
    else if ('holding' in event) this.holdings.set(upsert(this.holdings.value, event.holding, (h) => String(h.instrument)));
    else this.funds.set(event.funds);
  }

  private applyOrder(order: Order): void {
    const before = this.orders.value.find((o) => o.id === order.id);
    if (before !== undefined && order.updated_at < before.updated_at) return;
    this.orders.set(upsert(this.orders.value, order, (o) => o.id, true));
    this.onOrder(order, before);
  }
}

/** Replaces the row of the same key where it stands; a new one comes first or last. */
function upsert<T>(rows: readonly T[], row: T, key: (row: T) => string, isFirst = false): readonly T[] {
  const at = rows.findIndex((r) => key(r) === key(row));
  if (at >= 0) return rows.with(at, row);
  return isFirst ? [row, ...rows] : [...rows, row];
}
