// The installation's state and the user's audit trail in words. The trail's words are those of docs/domain/audit.md; one that
// is not in these lists is shown as the server wrote it.
import { parseInstant, type Instant } from '../value';
import { CLASSES, FIELD_NAMES, WAYS } from './broker';

const HOUR_MS = 3_600_000;
/** Owners are told by a notice from this age on; Settings turns amber at the same moment. */
const BACKUP_OLD_MS = 26 * HOUR_MS;

/** How long ago, in words; a moment that this browser's clock puts into the future counts as now. */
export function agoOf(ms: number): string {
  if (ms < 60_000) return 'just now';
  if (ms < 2 * HOUR_MS) return `${String(Math.floor(ms / 60_000))} min ago`;
  return ms < 48 * HOUR_MS ? `${String(Math.floor(ms / HOUR_MS))} h ago` : `${String(Math.floor(ms / (24 * HOUR_MS)))} days ago`;
}

/** The age of the last nightly backup at `now`; `isOld` when it is time to look. */
export function backupAge(last: string, now: Instant): { readonly text: string; readonly isOld: boolean } {
  const at = parseInstant(last);
  return at === undefined ? { text: 'none yet', isOld: false } : { text: agoOf(now - at), isOld: now - at > BACKUP_OLD_MS };
}

const ACTIONS: Record<string, string> = {
  'sign-in': 'Sign-in', 'sign-out': 'Sign-out', 'sign-out-user': 'Signed out everywhere', 'create-user': 'User created', 'change-password': 'Password changed', 'reset-link': 'Reset link made',
  'reset-password': 'Password reset', 'two-step-start': 'Two-step sign-in begun', 'two-step-on': 'Two-step sign-in switched on', 'two-step-off': 'Two-step sign-in switched off',
  prove: 'Identity confirmed', invite: 'Invitation made', role: 'Role changed', disable: 'User disabled', enable: 'User enabled',
  'broker-credentials': 'Credentials saved', 'broker-wipe': 'Other broker’s credentials wiped', 'broker-open': 'Stored fields opened', 'broker-session': 'Session saved', 'broker-session-ended': 'Session ended',
  'broker-session-refused': 'Session refused by the broker', 'broker-session-expired': 'Session expired', 'broker-token-refused': 'Token refused', 'broker-identity-pinned': 'Broker login remembered',
  'broker-identity-mismatch': 'Token of another login refused', 'broker-popup': 'Popup opened', 'broker-popup-used': 'Popup came back', 'broker-popup-refused': 'Popup refused', 'broker-callback': 'Callback ignored',
  'broker-disconnect': 'Broker disconnected', 'broker-hold': 'Auto-login paused', 'broker-resume': 'Auto-login resumed', 'broker-every-day-on': 'Renewal every day switched on',
  'broker-every-day-off': 'Renewal every day switched off', 'broker-code-check': 'Code checked', 'broker-submission': 'Submitted to the broker', 'broker-submission-answer': 'Broker’s answer' };

const VALUES: Record<string, string> = { ...FIELD_NAMES, ...WAYS, icici: 'ICICI Breeze', demo: 'Demo broker' };

function plain(word: string): string {
  const text = word.replaceAll(/[-_]/g, ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function actionWords(action: string): string {
  return ACTIONS[action] ?? plain(action);
}

/** `way=browser fields=api_key,login_id` as "way: Browser flow · fields: API Key, ICICI Login ID"; any other text as it is. */
export function detailWords(detail: string): string {
  if (!/^\w+=\S*( \w+=\S*)*$/.test(detail)) return detail;
  return detail.split(' ').map((pair) => {
    const [key = '', value = ''] = pair.split('=', 2);
    return `${key.replaceAll('_', ' ')}: ${value.split(',').map((v) => VALUES[v] ?? v).join(', ')}`;
  }).join(' · ');
}

export function resultWords(result: string): string {
  return result === 'ok' ? 'Done' : CLASSES[result] ?? plain(result);
}
