import type { BrokerApi, PopupPorts, World } from '../../../model';

const CHANNEL = 'paperport-broker';
const SIZE = 'popup,width=520,height=760';

function attemptOf(data: unknown): string {
  const attempt = typeof data === 'object' && data !== null ? (data as { attempt?: unknown }).attempt : undefined;
  return typeof attempt === 'string' ? attempt : '';
}

/** The popup's ports, made of this browser. */
export function popupPorts(api: BrokerApi, world: World): PopupPorts {
  return {
    open() {
      const opened = window.open('about:blank', 'paperport-broker', SIZE);
      return opened === null ? null : {
        get closed() { return opened.closed; },
        close: () => { opened.close(); },
        goto: (address) => { opened.location.replace(address); },
      };
    },
    start: () => api.startPopup(),
    look: (id) => api.popup(id),
    channel(heard) {
      const channel = new BroadcastChannel(CHANNEL);
      channel.onmessage = (message) => { heard(attemptOf(message.data)); };
      return () => { channel.close(); };
    },
    onReturn(back) {
      const seen = (): void => { if (!document.hidden) back(); };
      window.addEventListener('focus', seen);
      document.addEventListener('visibilitychange', seen);
      return () => {
        window.removeEventListener('focus', seen);
        document.removeEventListener('visibilitychange', seen);
      };
    },
    after: (ms, run) => world.after(ms, run),
    now: () => world.now(),
    site: location.origin,
  };
}
