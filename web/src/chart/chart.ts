// Candles and volume. lightweight-charts knows only UTC, so it is told the Indian wall clock as if it were UTC; prices
// become floats here and nowhere else, for drawing.
import {
  CandlestickSeries, ColorType, CrosshairMode, HistogramSeries, LineStyle, createChart, type IChartApi, type IPriceLine, type ISeriesApi, type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import type { Candle } from '../model';
import { formatPrice, wallSeconds, type Price } from '../value';
import { faded, readColours, type Token } from './colours';

/** A horizontal mark: the average of a position or the price of an open order. */
export interface Mark {
  readonly price: Price;
  readonly text: string;
  readonly kind: 'buy' | 'sell' | 'position';
}

export interface PriceChart {
  setHistory(bars: readonly Candle[], isDaily: boolean): void;
  update(bar: Candle): void;
  setMarks(marks: readonly Mark[]): void;
  /** Reads the design tokens again. */
  repaint(): void;
  destroy(): void;
}

const TOKENS: readonly Token[] = ['text-2', 'text-3', 'grid', 'line', 'line-strong', 'candle-up', 'candle-down', 'buy', 'sell', 'surface-2', 'bg'];
const UNITS = 10_000;
const SHOWN_BARS = 110;

type Colours = Record<Token, string>;

function timeOf(bar: Candle): UTCTimestamp {
  return wallSeconds(bar.start) as UTCTimestamp;
}

function candleOf(bar: Candle) {
  return { time: timeOf(bar), open: bar.open / UNITS, high: bar.high / UNITS, low: bar.low / UNITS, close: bar.close / UNITS };
}

function volumeOf(bar: Candle, colours: Colours) {
  return { time: timeOf(bar), value: bar.volume, color: faded(bar.close >= bar.open ? colours['candle-up'] : colours['candle-down'], 0.35) };
}

function paint(chart: IChartApi, candles: ISeriesApi<'Candlestick'>, host: HTMLElement, c: Colours): void {
  chart.applyOptions({
    layout: { background: { type: ColorType.Solid, color: c.bg }, textColor: c['text-3'], fontFamily: getComputedStyle(host).fontFamily, fontSize: 11, attributionLogo: false },
    grid: { vertLines: { color: c.grid }, horzLines: { color: c.grid } },
    rightPriceScale: { borderColor: c.line },
    timeScale: { borderColor: c.line },
    crosshair: {
      mode: CrosshairMode.Normal, vertLine: { color: c['line-strong'], labelBackgroundColor: c['surface-2'] },
      horzLine: { color: c['line-strong'], labelBackgroundColor: c['surface-2'] } },
  });
  candles.applyOptions({
    upColor: c['candle-up'], wickUpColor: c['candle-up'], borderUpColor: c['candle-up'],
    downColor: c['candle-down'], wickDownColor: c['candle-down'], borderDownColor: c['candle-down'] });
}

/** Draws into `host`, following its size. `onHover` hears of the bar under the cross-hair, undefined when it leaves. */
export function mountChart(host: HTMLElement, onHover: (bar: Candle | undefined) => void): PriceChart {
  let colours = readColours(host, TOKENS);
  const chart = createChart(host, {
    autoSize: true,
    layout: { attributionLogo: false },
    localization: { locale: 'en-IN', priceFormatter: (price: number) => (price < 0 ? '' : formatPrice(Math.round(price * UNITS) as Price)) },
    timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 4 },
  });
  const candles = chart.addSeries(CandlestickSeries, { priceFormat: { type: 'price', precision: 2, minMove: 0.05 } });
  const volume = chart.addSeries(HistogramSeries, { priceScaleId: 'volume', priceFormat: { type: 'volume' }, lastValueVisible: false, priceLineVisible: false });
  chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.84, bottom: 0 }, visible: false });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.2 } });
  paint(chart, candles, host, colours);

  let bars: Candle[] = [];
  let lines: IPriceLine[] = [];
  let marks: readonly Mark[] = [];
  let isFresh = true;
  const byTime = new Map<Time, Candle>();
  chart.subscribeCrosshairMove((at) => { onHover(at.time === undefined ? undefined : byTime.get(at.time)); });

  const drawMarks = (): void => {
    for (const line of lines) candles.removePriceLine(line);
    lines = marks.map((mark) => candles.createPriceLine({
      price: mark.price / UNITS, title: mark.text, lineWidth: 1, axisLabelVisible: true,
      lineStyle: mark.kind === 'position' ? LineStyle.Solid : LineStyle.Dashed,
      color: mark.kind === 'sell' ? colours.sell : mark.kind === 'buy' ? colours.buy : colours['text-2'] }));
  };
  const draw = (): void => {
    byTime.clear();
    for (const bar of bars) byTime.set(timeOf(bar), bar);
    candles.setData(bars.map(candleOf));
    volume.setData(bars.filter((bar) => bar.volume > 0).map((bar) => volumeOf(bar, colours)));
  };

  return {
    setHistory(next, isDaily) {
      bars = [...next];
      chart.applyOptions({ timeScale: { timeVisible: !isDaily } });
      draw();
      if (isFresh && bars.length > 0) {
        isFresh = false;
        chart.timeScale().setVisibleLogicalRange({ from: Math.max(-2, bars.length - SHOWN_BARS), to: bars.length + 4 });
      }
    },
    update(bar) {
      if (bars.at(-1)?.start === bar.start) bars[bars.length - 1] = bar;
      else bars.push(bar);
      byTime.set(timeOf(bar), bar);
      candles.update(candleOf(bar));
      if (bar.volume > 0) volume.update(volumeOf(bar, colours));
    },
    setMarks(next) {
      marks = next;
      drawMarks();
    },
    repaint() {
      colours = readColours(host, TOKENS);
      paint(chart, candles, host, colours);
      draw();
      drawMarks();
    },
    destroy() { chart.remove(); },
  };
}
