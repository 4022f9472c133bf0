// An order ticket. Its ClientOrderID is made when the ticket opens, kept while no answer came (sending again cannot
// double the order) and replaced after every definite answer.
import type { Instrument } from '../live';
import { decodeChargeNote, type ChargeNote } from '../live';
import { parsePaise, parsePrice, priceText, toQty, type Paise, type Price, type Qty } from '../value';
import { ApiError, type Api, type OrderType, type Product, type Side, type Validity, type WirePlace, type WirePreview, type WireReceipt } from '../wire';
import { Cell } from './cell';

export type TicketField = 'qty' | 'price' | 'trigger' | 'product' | 'form';

export interface Denial {
  readonly field: TicketField;
  readonly code: string;
  readonly reason: string;
}

export interface Preview {
  readonly required: Paise | undefined;
  readonly available: Paise | undefined;
  readonly charges: ChargeNote;
  /** The parts of a derivative's margin as the server sends them; label '' where nothing is modelled. */
  readonly margin: WirePreview['margin'];
  readonly avgPrice: Price | undefined;
  readonly qty: number;
  readonly levels: number;
  readonly slippage: Paise | undefined;
  readonly note: string;
}

export interface TicketForm {
  readonly side: Side;
  readonly product: Product;
  readonly type: OrderType;
  readonly validity: Validity;
  readonly qty: string;
  readonly price: string;
  readonly trigger: string;
  /** How long it works when its validity is minutes; else it counts for nothing. */
  readonly minutes: number;
}

/** Whether an order of this type has a limit price. */
export function isPriced(type: OrderType): boolean {
  return type === 'limit' || type === 'sl';
}

/** Whether an order of this type waits for a trigger price. */
export function isStop(type: OrderType): boolean {
  return type === 'sl' || type === 'sl-m';
}

function typed(text: string): Price | undefined {
  return parsePrice(text.replaceAll(',', '').trim());
}

/** editing; sending; unanswered: no answer came and the same order may be sent again. */
export type TicketPhase = 'editing' | 'sending' | 'unanswered';

export type TicketApi = Pick<Api, 'place' | 'preview' | 'modify'>;

export interface TicketPorts {
  readonly api: TicketApi;
  readonly account: string;
  newId(): string;
  after(ms: number, run: () => void): () => void;
}

/** An open order that the ticket changes instead of placing a new one. */
export interface Amends {
  readonly orderId: string;
  readonly filledQty: number;
  /** Those it was to work; 0 for another validity. */
  readonly minutes: number;
}

const PREVIEW_PAUSE_MS = 180;

export class Ticket {
  readonly form: Cell<TicketForm>;
  readonly phase = new Cell<TicketPhase>('editing');
  readonly denial = new Cell<Denial | undefined>(undefined);
  readonly preview = new Cell<Preview | undefined>(undefined);
  readonly isPreviewing = new Cell(false);
  private id: string;
  private previews = 0;
  /** The denial on show answered a sent order; a later preview must not wipe it away. */
  private isDenialFinal = false;
  private stopPreview: () => void = () => undefined;

  constructor(private readonly ports: TicketPorts, readonly instrument: Instrument, form: TicketForm, readonly amends?: Amends) {
    this.form = new Cell(form);
    this.id = ports.newId();
    this.askPreview();
  }

  get clientOrderId(): string {
    return this.id;
  }

  /** Fields are locked while an answer is owed: the id belongs to exactly this order. */
  edit(change: Partial<TicketForm>): void {
    if (this.phase.value !== 'editing') return;
    this.form.set({ ...this.form.value, ...change });
    this.denial.set(undefined);
    this.isDenialFinal = false;
    this.askPreview();
  }

  /** Moves the quantity by whole lots, never below one. */
  stepQty(lots: number): void {
    const lot = this.instrument.lot_size;
    const now = this.qty() ?? 0;
    const whole = lots > 0 ? Math.floor(now / lot) : Math.ceil(now / lot);
    this.edit({ qty: String(Math.max(1, whole + lots) * lot) });
  }

  /** Moves a price by whole ticks and onto the grid. */
  stepPrice(key: 'price' | 'trigger', ticks: number, from: Price | undefined): void {
    const tick = this.instrument.tick_size;
    const now = typed(this.form.value[key]) ?? from ?? (0 as Price);
    const whole = ticks > 0 ? Math.floor(now / tick) : Math.ceil(now / tick);
    this.edit({ [key]: priceText(Math.max(tick, (whole + ticks) * tick) as Price) });
  }

  /** Writes a typed price as the wire does. */
  tidy(key: 'price' | 'trigger'): void {
    const price = typed(this.form.value[key]);
    if (price !== undefined && priceText(price) !== this.form.value[key]) this.edit({ [key]: priceText(price) });
  }

  qty(): Qty | undefined {
    const text = this.form.value.qty.replaceAll(',', '').trim();
    return /^\d{1,9}$/.test(text) && Number(text) > 0 ? toQty(Number(text)) : undefined;
  }

  /** Sends the order; the receipt when it was accepted, undefined otherwise with `denial` or `phase` saying why. */
  async submit(): Promise<WireReceipt | undefined> {
    if (this.phase.value === 'sending') return undefined;
    const body = this.body();
    if (body === undefined) {
      this.denial.set(this.incomplete());
      return undefined;
    }
    this.phase.set('sending');
    this.denial.set(undefined);
    try {
      const receipt = await this.send(body);
      this.answered();
      return receipt;
    } catch (error) {
      this.refused(error);
      return undefined;
    }
  }

  /** Gives up waiting for an answer: the order may still have reached the server, so the next one is a new order. */
  abandon(): void {
    this.answered();
  }

  dispose(): void {
    this.previews += 1;
    this.stopPreview();
  }

  /** Asks again with the same fields: the price moved. */
  refresh(): void {
    if (this.phase.value === 'editing') this.askPreview();
  }

  private send(body: WirePlace): Promise<WireReceipt> {
    if (this.amends === undefined) return this.ports.api.place(this.ports.account, { client_order_id: this.id, ...body });
    const { qty, type, validity, price, trigger_price, minutes } = body;
    // The same minutes again would begin anew.
    const isSame = validity === 'minutes' && minutes === this.amends.minutes;
    return this.ports.api.modify(this.ports.account, this.amends.orderId, {
      request_id: this.id, qty, type, ...(isSame ? {} : { validity, ...(minutes ? { minutes } : {}) }), ...(price ? { price } : {}), ...(trigger_price ? { trigger_price } : {}) });
  }

  private answered(): void {
    this.id = this.ports.newId();
    this.phase.set('editing');
  }

  private refused(error: unknown): void {
    if (!(error instanceof ApiError) || error.isUnanswered) {
      this.phase.set('unanswered');
      return;
    }
    this.answered();
    if (error.code === 'NOT_SIGNED_IN') return;
    this.isDenialFinal = true;
    this.denial.set(denialOf(error));
  }

  private body(): WirePlace | undefined {
    const { side, product, type, validity, price, trigger, minutes } = this.form.value;
    const qty = this.qty();
    const limit = isPriced(type) ? typed(price) : undefined;
    const stop = isStop(type) ? typed(trigger) : undefined;
    if (qty === undefined || (isPriced(type) && !limit) || (isStop(type) && !stop)) return undefined;
    return {
      instrument: this.instrument.id, side, product, type, validity, qty, price: limit ? priceText(limit) : '', tag: '',
      ...(stop ? { trigger_price: priceText(stop) } : {}), ...(validity === 'minutes' ? { minutes } : {}),
    };
  }

  private incomplete(): Denial {
    if (this.qty() === undefined) return { field: 'qty', code: 'QTY', reason: 'Enter a whole number of units.' };
    const { type, trigger } = this.form.value;
    if (isStop(type) && !typed(trigger)) return { field: 'trigger', code: 'TRIGGER', reason: 'Enter the last price that sets the order off.' };
    return { field: 'price', code: 'PRICE', reason: 'Enter a price in rupees, or choose Market.' };
  }

  private askPreview(): void {
    this.stopPreview();
    const mine = ++this.previews;
    const body = this.body();
    if (body === undefined) {
      this.preview.set(undefined);
      this.isPreviewing.set(false);
      return;
    }
    this.isPreviewing.set(true);
    this.stopPreview = this.ports.after(PREVIEW_PAUSE_MS, () => { void this.fetchPreview(mine, body); });
  }

  private async fetchPreview(mine: number, body: WirePlace): Promise<void> {
    try {
      const answer = await this.ports.api.preview(this.ports.account, body);
      if (mine !== this.previews) return;
      this.preview.set(decodePreview(answer));
      this.warn(answer.code === '' ? undefined : { code: answer.code, reason: answer.reason, field: fieldOf(answer.code, undefined) });
    } catch (error) {
      if (mine !== this.previews) return;
      this.preview.set(undefined);
      if (error instanceof ApiError && error.code !== 'NOT_SIGNED_IN') this.warn(denialOf(error));
    }
    this.isPreviewing.set(false);
  }

  private warn(denial: Denial | undefined): void {
    if (!this.isDenialFinal) this.denial.set(denial);
  }
}

function denialOf(error: ApiError): Denial {
  return { code: error.code, reason: error.message, field: fieldOf(error.code, error.context['field']) };
}

function decodePreview(w: WirePreview): Preview {
  return {
    required: parsePaise(w.required), available: parsePaise(w.available), charges: decodeChargeNote(w.charges), margin: w.margin, avgPrice: parsePrice(w.expected.avg_price),
    qty: w.expected.qty, levels: w.expected.levels, slippage: parsePaise(w.expected.slippage), note: w.note,
  };
}

const FIELD_WORDS: readonly (readonly [RegExp, TicketField])[] = [
  [/QTY|QUANTITY|LOT|FREEZE|HOLDING|SHARES/, 'qty'],
  [/TRIGGER/, 'trigger'],
  [/TICK|PRICE|CIRCUIT|BAND|LIMIT/, 'price'],
  [/PRODUCT|CNC|MIS|NRML/, 'product'],
];

/** Beside which field a denial is shown: the server's word for it, else the code's own words. */
export function fieldOf(code: string, field: string | undefined): TicketField {
  if (field === 'qty' || field === 'price' || field === 'product') return field;
  if (field === 'trigger_price') return 'trigger';
  return FIELD_WORDS.find(([words]) => words.test(code))?.[1] ?? 'form';
}
