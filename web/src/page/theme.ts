export type Theme = 'system' | 'light' | 'dark';

/** Puts the chosen theme on the document; charts hear of it by the event. */
export function applyTheme(theme: string): void {
  const root = document.documentElement;
  if (theme === 'light' || theme === 'dark') root.dataset['theme'] = theme;
  else delete root.dataset['theme'];
  window.dispatchEvent(new Event('pp-theme'));
}
