// The console in the browser.
import { render } from 'preact';
import { App } from './shell/app.tsx';
import { startTheme } from './shell/theme.ts';

startTheme();
const place = document.getElementById('page');
if (place !== null) render(<App />, place);
