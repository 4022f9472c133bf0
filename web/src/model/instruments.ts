// Contract terms by id, asked for once and kept while the venue stays.
import { decodeInstrument, type Instrument } from '../live';
import type { Api } from '../wire';
import { Cell } from './cell';

const AT_ONCE = 6;

export class Instruments {
  private readonly cells = new Map<number, Cell<Instrument | undefined>>();
  private readonly queue: number[] = [];
  private running = 0;

  constructor(private readonly api: Pick<Api, 'instrument' | 'search'>, private readonly venue: string) {}

  of(id: number): Cell<Instrument | undefined> {
    let cell = this.cells.get(id);
    if (cell === undefined) {
      cell = new Cell<Instrument | undefined>(undefined);
      this.cells.set(id, cell);
      this.queue.push(id);
      this.pump();
    }
    return cell;
  }

  /** Best first. What is found is kept, so a row added from a search shows at once. */
  async search(text: string, limit: number): Promise<Instrument[]> {
    const found = (await this.api.search(this.venue, text, limit)).instruments ?? [];
    return found.map((w) => {
      const instrument = decodeInstrument(w);
      this.keep(instrument);
      return instrument;
    });
  }

  private keep(instrument: Instrument): void {
    const cell = this.cells.get(instrument.id);
    if (cell === undefined) this.cells.set(instrument.id, new Cell<Instrument | undefined>(instrument));
    else cell.set(instrument);
  }

  private pump(): void {
    while (this.running < AT_ONCE) {
      const id = this.queue.shift();
      if (id === undefined) return;
      this.running += 1;
      void this.fetch(id);
    }
  }

  private async fetch(id: number): Promise<void> {
    try {
      this.keep(decodeInstrument(await this.api.instrument(this.venue, id)));
    } catch {
      this.cells.delete(id);
    }
    this.running -= 1;
    this.pump();
  }
}
