import { decodeStory, type Desk, type Story } from '../model';

export async function loadStory(desk: Desk, id: string): Promise<Story> {
  return decodeStory(await desk.session.api.call('get', '/api/accounts/{account}/orders/{id}', { path: { account: desk.account.id, id } }));
}
