// The routes of a user's broker connection. They are called from Settings and from what is loaded after the first prices, never on the way to an order.
import type { Api } from './api';
import type { Attempt, Broker, BrokerField, CredentialsRequest, DemoCredentials, Notice } from './schema';

export type BrokerFieldName = BrokerField['field'];
export type WireAttempt = Attempt;
export type WireBroker = Broker;
export type WireNotice = Notice;
export type DemoAccount = DemoCredentials;
export type BrokerDone = Awaited<ReturnType<BrokerApi['test']>>;
export type CodeCheck = Awaited<ReturnType<BrokerApi['checkCode']>>;
export type PopupStart = Awaited<ReturnType<BrokerApi['startPopup']>>;
export type PopupOutcome = Awaited<ReturnType<BrokerApi['popup']>>;

/** In the guide's order. */
export const BROKER_FIELDS = ['api_key', 'secret_key', 'login_id', 'password', 'totp_secret'] as const satisfies readonly BrokerFieldName[];

export class BrokerApi {
  constructor(private readonly api: Pick<Api, 'call'>) {}

  prove = (password: string, code: string) => this.api.call('post', '/api/me/proof', { body: { password, ...(code === '' ? {} : { code }) } });
  state = () => this.api.call('get', '/api/broker', {});
  /** Only what was typed is sent: an absent field keeps what is stored. */
  save = (typed: CredentialsRequest) => this.api.call('post', '/api/broker/credentials', { body: typed });
  checkCode = (code: string) => this.api.call('post', '/api/broker/code-check', { body: { code } });
  generate = (is_confirmed: boolean) => this.api.call('post', '/api/broker/generate', { body: { is_confirmed } });
  startPopup = () => this.api.call('post', '/api/broker/popup', {});
  popup = (id: string) => this.api.call('get', '/api/broker/popup/{id}', { path: { id } });
  paste = (token: string) => this.api.call('post', '/api/broker/session', { body: { token } });
  test = () => this.api.call('post', '/api/broker/test', {});
  disconnect = () => this.api.call('post', '/api/broker/disconnect', {});
  hold = (is_held: boolean) => this.api.call('put', '/api/broker/hold', { body: { is_held } });
  everyDay = (is_on: boolean) => this.api.call('put', '/api/broker/every-day', { body: { is_on } });
  demo = () => this.api.call('get', '/api/broker/demo', {});
  notices = () => this.api.call('get', '/api/notices', {});
  ack = (id: string) => this.api.call('post', '/api/notices/{id}/ack', { path: { id } });
}
