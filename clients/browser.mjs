// Chromium without a window, for which no other host than this machine exists, and what goes wrong on its pages.
import puppeteer from "puppeteer-core";

/** Starts Chromium; `open` opens a page as somebody who was never there. */
export async function launch(origin) {
  const args = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];
  if (process.getuid?.() === 0) args.push("--no-sandbox"); // as root there is none
  const browser = await puppeteer.launch({ executablePath: process.env.COREKIT_CHROMIUM, pipe: true, args });
  // What the console calls an error, a request that fails, and one to anybody else.
  const wrong = [];
  const elsewhere = [];

  async function open(viewport) {
    const page = await (await browser.createBrowserContext()).newPage();
    await page.setViewport(viewport);
    page.on("console", (said) => said.type() === "error" && wrong.push(`console: ${said.text()}`));
    page.on("pageerror", (error) => wrong.push(`page: ${error}`));
    page.on("requestfailed", (request) => wrong.push(`${request.url()}: ${request.failure().errorText}`));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && url.origin !== origin) elsewhere.push(url.href);
    });
    return page;
  }

  return { browser, open, wrong, elsewhere };
}
