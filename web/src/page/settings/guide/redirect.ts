/** The stand-in of docs/setup-guide.md for an installation's own redirect URL. */
const SAMPLE = 'https://YOUR-PAPERPORT-ADDRESS/api/auth/breeze-callback';

/** Whether a code of the guide is where the installation's own redirect URL belongs. */
export function isRedirectSample(text: string): boolean {
  return text === SAMPLE;
}
