// GraphiQL in headless Chromium, for which no host but the server's exists: opens each example, runs it, and sees the
// answer on the page. What the console calls an error, a request that fails and one to anybody else are counted.
import { deepStrictEqual, ok } from "node:assert";
import { launch } from "./browser.mjs";

const { origin } = new URL(process.env.COREKIT_URL);
const { COREKIT_TOKEN, COREKIT_MEMBER_TOKEN, COREKIT_MEMBER_NAME, COREKIT_SCREENSHOT } = process.env;
const NAME = "李雷";
const SHOWN = "PointsMembers"; // on the screenshot

const { browser, open: fresh, wrong, elsewhere } = await launch(origin);
let page;

/** Opens the page as somebody who was never there and reads this language. */
async function open(language, fragment) {
  page = await fresh({ width: 1560, height: 880 });
  await page.setExtraHTTPHeaders({ "accept-language": language });
  await page.goto(`${origin}/graphiql/#${new URLSearchParams({ token: COREKIT_TOKEN, ...fragment })}`);
  await page.waitForSelector("[data-example]");
  ok(!page.url().includes("token"), "the token stays in the address bar");
}

/** The titles of the tabs; that of the active one last. */
async function tabs() {
  const all = await page.$$eval(".graphiql-tab", (each) => each.map((tab) => tab.innerText.trim()));
  return [...all, await page.$eval(".graphiql-tab-active", (tab) => tab.innerText.trim())];
}

/** The text that an editor shows; it keeps apart what is far below. */
function shown(editor) {
  return page.$eval(`${editor} .view-lines`, (lines) => lines.innerText.replaceAll("\u00a0", " "));
}

/** Runs the example that is open, and returns the answer once the page shows it. */
async function run(name) {
  const isOpen = (title) =>
    document.querySelector(".graphiql-tab-active")?.innerText.trim() === title &&
    [".graphiql-query-editor", ".result-window"].every((editor) => document.querySelector(`${editor} .view-lines`)) &&
    document.querySelector(".graphiql-query-editor .view-lines").innerText.includes(title);
  await page.waitForFunction(isOpen, {}, name);
  const asked = (response) => response.request().postData()?.includes(` ${name}`);
  const [response] = await Promise.all([page.waitForResponse(asked), page.click(".graphiql-execute-button")]);
  const answer = await response.json();
  const [field] = Object.keys(answer.data ?? {});
  const isShown = (key) => document.querySelector(".result-window .view-lines")?.innerText.includes(`"${key}"`);
  await page.waitForFunction(isShown, {}, field);
  return answer;
}

/** Everything that an answer says went wrong. */
function complaints({ data, errors = [] }) {
  const of = Object.values(data ?? {}).flatMap((value) => value?.userErrors ?? []);
  return [...errors, ...of].map(({ message }) => message);
}

/** The fonts in which the page draws the innermost element with a text. */
async function fonts(text) {
  const session = await page.createCDPSession();
  await session.send("DOM.enable");
  await session.send("CSS.enable");
  await session.send("DOM.getDocument");
  const query = `//*[contains(@class, "result-window")]//span[not(*)][contains(., "${text}")]`;
  const found = await session.send("DOM.performSearch", { query });
  ok(found.resultCount > 0, `${text} is nowhere on the page`);
  const ids = { searchId: found.searchId, fromIndex: 0, toIndex: 1 };
  const { nodeIds } = await session.send("DOM.getSearchResults", ids);
  const drawn = await session.send("CSS.getPlatformFontsForNode", { nodeId: nodeIds[0] });
  await session.detach();
  return drawn.fonts.map(({ familyName }) => familyName);
}

/** Whether each of these letters has a shape of its own, which those without a glyph have not. */
function haveGlyphs(letters) {
  return page.$eval(
    ".result-window .view-line",
    (line, text) => {
      const draw = (letter) => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
        const context = canvas.getContext("2d");
        context.font = `40px ${getComputedStyle(line).fontFamily}`;
        context.fillText(letter, 8, 48);
        return canvas.toDataURL();
      };
      return new Set([...text].map(draw)).size === text.length;
    },
    letters,
  );
}

/** The fonts in which the answer has the name in Chinese, as it is written in China. */
async function chinese() {
  const text = await shown(".result-window");
  ok(text.includes(NAME), `${NAME} is not in the answer: ${text}`);
  const families = await fonts(NAME);
  ok(await haveGlyphs(NAME), `no font has glyphs for ${NAME} (fonts-noto-cjk has): ${families}`);
  ok(!(await haveGlyphs("\uf8f0\uf8f1")), "letters of nobody are taken for letters");
  const foreign = families.filter((family) => / (JP|KR|TC|HK)$/.test(family));
  deepStrictEqual(foreign, []); // they draw some letters otherwise
  return families;
}

try {
  await open("en", {});
  const examples = await page.$$eval("[data-example]", (all) => all.map((each) => each.dataset.example));
  const owners = await page.$$eval(".corekit-examples h2", (all) => all.map((each) => each.innerText));
  const titles = await page.$eval(".corekit-examples", (list) => list.innerText);
  ok(titles.startsWith("Examples"), `the list is not in English: ${titles}`);

  for (const name of examples) {
    await page.click(`[data-example="${name}"]`);
    const answer = await run(name);
    deepStrictEqual([name, ...complaints(answer)], [name]);
    if (name === SHOWN) await chinese();
  }

  const left = await tabs();
  await page.waitForFunction((count) => JSON.parse(localStorage["graphiql:tabState"]).tabs.length === count, {}, examples.length);
  await page.reload();
  await page.waitForSelector("[data-example]");
  deepStrictEqual(await tabs(), left);

  // A member sees its own data: the page puts in its id, not that of the first member.
  await open("en", { token: COREKIT_MEMBER_TOKEN, example: "PointsMember" });
  const own = await run("PointsMember");
  deepStrictEqual(own.data.member.name, COREKIT_MEMBER_NAME);

  await open("zh-CN", { example: SHOWN });
  const list = await page.$eval(".corekit-examples", (list) => list.innerText);
  ok(list.startsWith("示例"), `the list is not in Chinese: ${list}`);
  await run(SHOWN);
  const families = await chinese();
  await page.addStyleTag({ content: ".scrollbar { visibility: hidden }" }); // they fade when they like
  await page.screenshot({ path: COREKIT_SCREENSHOT });
  deepStrictEqual({ wrong, elsewhere }, { wrong: [], elsewhere: [] });

  // Would anything else have been noticed? The page's own policy refuses it, and says so.
  await page.evaluate(() => fetch("https://elsewhere.example/").catch(() => {}));
  ok(wrong.length + elsewhere.length > 0, "a request to another host was not noticed");

  console.log(`${examples.length} examples of ${owners.join(", ")} run, ${NAME} in ${families.join(", ")}, nobody else asked`);
} catch (error) {
  await page?.screenshot({ path: COREKIT_SCREENSHOT });
  console.error(wrong, elsewhere);
  throw error;
} finally {
  await browser.close();
}
