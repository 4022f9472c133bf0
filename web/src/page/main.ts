import './app.css';
import { mount } from 'svelte';
import { Session } from '../model';
import { Api } from '../wire';
import App from './App.svelte';
import { applyTheme } from './theme';
import { browserWorld } from './world';

const world = browserWorld();
const host = document.getElementById('app');
if (host === null) throw new Error('page: no place to draw in');
applyTheme(world.recall('pp.theme'));
mount(App, { target: host, props: { session: new Session(new Api(), new URLSearchParams(location.search).get('link') ?? ''), world } });
