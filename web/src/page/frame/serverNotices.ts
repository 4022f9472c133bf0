import { BrokerApi, ServerNotices, type Desk } from '../../model';

const made = new WeakMap<Desk, ServerNotices>();

/** The server's notices of a desk's user, one for the bell, its list and the strip. */
export function serverNotices(desk: Desk): ServerNotices {
  let notices = made.get(desk);
  if (notices === undefined) {
    notices = new ServerNotices(new BrokerApi(desk.session.api));
    made.set(desk, notices);
  }
  return notices;
}
