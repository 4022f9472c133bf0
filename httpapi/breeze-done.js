// Tells the Settings page how the popup went, and closes it when all is well. It never sees a token.
const { attempt, status } = document.querySelector('main').dataset;
if (attempt) {
  const channel = new BroadcastChannel('paperport-broker');
  channel.postMessage({ attempt, status });
  channel.close();
}
if (status === 'ok') window.close();
