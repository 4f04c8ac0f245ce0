/**
 * @module Browser: Debian's Chromium without a window, through playwright-core; or why there is none.
 */
import { existsSync } from 'node:fs';

/** What is used of a page. */
export interface Page {
  goto(address: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  press(selector: string, key: string): Promise<void>;
  selectOption(selector: string, value: string): Promise<unknown>;
  textContent(selector: string): Promise<string | null>;
  isVisible(selector: string): Promise<boolean>;
  evaluate<T>(expression: string): Promise<T>;
  waitForFunction(expression: string): Promise<unknown>;
  context(): { newCDPSession(page: Page): Promise<Profile> };
  close(): Promise<void>;
  screenshot(options: { readonly path: string }): Promise<unknown>;
  on(event: 'pageerror' | 'console', listener: (event: { text?(): string; type?(): string; message?: string }) => void): void;
}

/** What the browser measures of a page. */
export interface Profile {
  send(method: string, parameters?: object): Promise<{ readonly metrics: readonly { readonly name: string; readonly value: number }[] }>;
}

export interface Browser {
  /** In a profile of its own. With a proxy, all of its requests go there, those to this machine too. */
  newPage(options: {
    readonly viewport: { readonly width: number; readonly height: number };
    readonly proxy?: { readonly server: string };
  }): Promise<Page>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: { launch(options: { readonly executablePath: string; readonly args: readonly string[] }): Promise<Browser> };
}

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Nothing that it would do by itself over the network. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** By a name that the compiler does not follow: the tests build without the package. */
const PACKAGE: string = 'playwright-core';

/** The browser for a test, which is skipped with a line where there is none. */
export async function browserFor(context: Mocha.Context): Promise<Browser> {
  const launched = await launchBrowser();
  if (typeof launched !== 'string') return launched;
  console.log(`      skipped: ${launched}`);
  return context.skip();
}

/** The browser, or a text that says why there is none. */
export async function launchBrowser(): Promise<Browser | string> {
  const executablePath = CHROMIUM.find((path) => existsSync(path));
  if (executablePath === undefined) return 'Chromium is not installed (Debian: apt-get install chromium)';
  const playwright = await import(PACKAGE).then(
    (loaded) => loaded as Playwright,
    () => undefined,
  );
  if (playwright === undefined) return 'playwright-core is not installed (npm ci)';
  return playwright.chromium.launch({ executablePath, args: ARGS });
}
