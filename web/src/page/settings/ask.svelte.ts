/** One running request of a form: its failure in words, its success in words, and whether it still runs. */
export class Ask {
  isBusy = $state(false);
  failure = $state('');
  note = $state('');

  /** Runs `work`; true when it went well, and then `note` is what is shown. */
  async run(work: () => Promise<unknown>, note = ''): Promise<boolean> {
    this.isBusy = true;
    this.failure = this.note = '';
    try {
      await work();
      this.note = note;
      return true;
    } catch (error) {
      this.failure = error instanceof Error ? error.message : 'Something went wrong.';
      return false;
    } finally {
      this.isBusy = false;
    }
  }
}
