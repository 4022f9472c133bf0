// Addresses of the app. The pictures of a page's state that survive a reload live in the address, nothing else does.

export type PortfolioTab = 'positions' | 'holdings' | 'funds';
export type SettingsTab = 'broker' | 'guide' | 'profile' | 'security' | 'logins' | 'users' | 'system' | 'appearance';

export type Route =
  | { page: 'dashboard' }
  | { page: 'terminal' }
  | { page: 'orders'; date: string }
  | { page: 'portfolio'; tab: PortfolioTab }
  | { page: 'settings'; tab: SettingsTab }
  | { page: 'setup'; link: string }
  | { page: 'invite'; token: string }
  | { page: 'reset'; token: string };

const PORTFOLIO: readonly PortfolioTab[] = ['positions', 'holdings', 'funds'];
const SETTINGS: readonly SettingsTab[] = ['broker', 'guide', 'profile', 'security', 'logins', 'users', 'system', 'appearance'];

export function parseRoute(path: string, search: string): Route {
  const [first = '', second = ''] = path.split('/').filter((part) => part !== '');
  const asked = new URLSearchParams(search);
  switch (first) {
    case 'dashboard': return { page: 'dashboard' };
    case 'orders': return { page: 'orders', date: asked.get('date') ?? '' };
    case 'portfolio': return { page: 'portfolio', tab: PORTFOLIO.find((t) => t === second) ?? 'positions' };
    case 'settings': return { page: 'settings', tab: SETTINGS.find((t) => t === second) ?? 'broker' };
    case 'setup': return { page: 'setup', link: asked.get('link') ?? second };
    case 'invite': return { page: 'invite', token: second === '' ? (asked.get('token') ?? '') : second };
    case 'reset': return { page: 'reset', token: second === '' ? (asked.get('token') ?? '') : second };
    default: return { page: 'terminal' };
  }
}

export function routePath(route: Route): string {
  switch (route.page) {
    case 'terminal': return '/terminal';
    case 'dashboard': return '/dashboard';
    case 'orders': return route.date === '' ? '/orders' : `/orders?date=${route.date}`;
    case 'portfolio': return `/portfolio/${route.tab}`;
    case 'settings': return `/settings/${route.tab}`;
    case 'setup': return '/setup';
    case 'invite': return `/invite/${route.token}`;
    case 'reset': return `/reset/${route.token}`;
  }
}
