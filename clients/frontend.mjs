// The page of examples/frontend in headless Chromium, in English and in Chinese, over a house with a year of purchases.
import { deepStrictEqual, match, ok } from "node:assert";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "./browser.mjs";

const { COREKIT_ORIGIN: origin, COREKIT_TOKEN: token, COREKIT_DOCUMENTS: files, COREKIT_PICTURES: pictures } = process.env;
const { COREKIT_ASKED: elsewhereAsked, COREKIT_STAFF: staff } = process.env; // a server that takes any query, for the test
const WIDE = { width: 1180, height: 900 };
const NARROW = { width: 390, height: 844, isMobile: true, hasTouch: true };
const PAGE = 20; // lines at a time
const THANKS = 50; // points for answering
const FACTS = `{ viewer { member {
  name
  progress { percent tier { name } next { name } }
  points { available { digits } expiringSoon(within: 366) { at amount { digits } } }
  statement(kind: "points", first: 1000) { nodes { amount { digits } } }
  medals(held: false) { percent level { name } }
} } }`;

const RESULTS = `{ surveysResults(survey: "year-2017") {
  respondents
  groups { questions { choices { text count share } } }
} }`;

const COMMENT = "The new bread is good.\nKeep it!";
const PENDING = `{ surveysModeration(survey: "year-2017", state: "pending") { nodes { id text } } }`;
const DECIDE = `mutation ($id: String!, $shown: Boolean!) {
  surveysDecide(input: { commentId: $id, shown: $shown, reason: "because" }) { comment { state } }
}`;

const MANY = 9; // comments, with which a member has written as many as it may within a day

const { browser, open, wrong, elsewhere } = await launch(origin);
let page;

/** Opens the page as the member. */
async function visit(language, viewport = WIDE) {
  page = await open(viewport);
  await page.goto(`${origin}/?language=${language}#token=${token}`);
  await settled();
  ok(!page.url().includes("token"), "the token stays in the address bar");
}

/** Waits until every view shows what it has. */
async function settled() {
  await page.waitForFunction(() => document.querySelector("[data-view]") && !document.querySelector(".waiting"));
  await page.waitForFunction(() => document.fonts.status === "loaded");
}

/** What a view says. */
function text(view) {
  return page.$eval(`[data-view="${view}"]`, (element) => element.innerText.replaceAll("\u00a0", " "));
}

function count(selector) {
  return page.$$eval(selector, (all) => all.length);
}

/** What the server says to the member, by which the page is judged; or to staff. */
async function asked(language, query, { variables, as = token } = {}) {
  const { data, errors } = await sent(elsewhereAsked, language, as, { query, variables });
  deepStrictEqual(errors, undefined);
  return data;
}

async function sent(server, language, bearer, body) {
  const headers = {
    "accept-language": language,
    authorization: `Bearer ${bearer}`,
    "content-type": "application/json",
  };
  return await (await fetch(`${server}/graphql`, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

/** The comments that the page shows: the text of each, and how it stands where it is the member's own. */
function comments() {
  return page.$$eval(".comments li", (all) =>
    all.map((each) => [each.querySelector(".comment-text").textContent, each.dataset.state ?? null]),
  );
}

/** Clicks on what brings a file; returns its name and its bytes. */
async function downloaded(selector) {
  const session = await page.createCDPSession();
  const downloadPath = join(pictures, "downloads");
  const told = { behavior: "allow", downloadPath, eventsEnabled: true, browserContextId: page.browserContext().id };
  await session.send("Browser.setDownloadBehavior", told);
  const began = new Promise((resolve) => session.once("Browser.downloadWillBegin", resolve));
  const ended = new Promise((resolve) =>
    session.on("Browser.downloadProgress", ({ state }) => state !== "inProgress" && resolve(state)),
  );
  await page.click(selector);
  const { suggestedFilename } = await began;
  deepStrictEqual(await ended, "completed");
  await session.detach();
  return [suggestedFilename, await readFile(join(downloadPath, suggestedFilename))];
}

/** Chooses an answer to a question of the survey. */
function answer(question, value) {
  return page.click(`[data-name="${question}"] label:has(input[value="${value}"])`);
}

async function picture(name) {
  await page.screenshot({ path: join(pictures, `${name}.webp`), type: "webp", quality: 80 });
}

/** Everything in which the page is not as people need it who cannot see, or not well. */
async function barriers() {
  await page.evaluate(await readFile("node_modules/axe-core/axe.min.js", "utf8"));
  const { violations } = await page.evaluate(() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }));
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => [id, target, failureSummary]));
}

/** The statement, which goes on as long as somebody scrolls. */
async function scrolled(total) {
  deepStrictEqual(await count(".lines li"), PAGE);
  while ((await count(".lines li")) < total) {
    const before = await count(".lines li");
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await page.waitForFunction((lines) => document.querySelectorAll(".lines li").length > lines, {}, before);
  }
  match(await text("statement"), new RegExp(`That is all: ${total} entries`));
}

try {
  // Nobody in particular is told what to do.
  page = await open(WIDE);
  await page.goto(`${origin}/?language=en`);
  await page.waitForSelector(".wrong");
  match(await page.$eval(".wrong", (shown) => shown.innerText), /Nobody is signed in.*UNAUTHENTICATED/s);

  const { viewer: { member } } = await asked("en", FACTS);
  const [{ percent, tier, next }] = member.progress;
  const lines = member.statement.nodes;

  await visit("en");
  const card = await text("card");
  ok(card.includes(member.name) && card.includes(`${percent}% of the way to ${next.name}`), card);
  deepStrictEqual(await page.$eval(".card-tier", (shown) => shown.innerText), tier.name);
  deepStrictEqual(await page.$eval(".ladder [aria-current]", (shown) => shown.innerText), tier.name);
  deepStrictEqual(await page.$eval(".ladder [role=progressbar]", (bar) => bar.ariaValueNow), String(percent));
  const points = await text("points");
  ok(points.startsWith(`Points\n\n${member.points.available.digits} to spend`), points);
  const lapsing = member.points.expiringSoon.map(({ amount }) => amount.digits);
  deepStrictEqual(await page.$$eval(".lapsing strong", (all) => all.map((each) => each.innerText)), lapsing);
  match(points, /on Jul 1, 2018/); // midnight in New York, whatever the zone of this machine
  const ahead = await page.$$eval(".medal-list [role=progressbar]", (bars) =>
    bars.map((bar) => ({ percent: Number(bar.ariaValueNow), level: { name: bar.ariaLabel } })),
  );
  deepStrictEqual(ahead, member.medals);
  deepStrictEqual(await barriers(), []);
  await picture("english");
  await scrolled(lines.length);
  const amounts = await page.$$eval(".lines strong", (all) => all.map((each) => Number(each.innerText.replace(",", ""))));
  deepStrictEqual(amounts, lines.map(({ amount }) => Number(amount.digits)));

  await page.evaluate(() => window.scrollTo(0, 0));
  match(await text("documents"), /Next season\s+It is from tier platinum on\. DOCUMENTS_TIER/);
  deepStrictEqual(await count('[data-document="preview"] button'), 0);
  for (const [language, name] of [["en", "Member guide.txt"], ["zh", "会员指南.txt"]]) {
    const [called, content] = await downloaded(`[data-document="guide"] [data-language="${language}"]`);
    deepStrictEqual(called, name);
    deepStrictEqual(content, await readFile(join(files, `guide.${language}.txt`)));
  }

  // A survey is saved as it is answered: who comes back finds it, and in the other language as well.
  await answer("recommend", "3");
  await page.waitForFunction(() => document.querySelector(".survey-form > .small")?.innerText.startsWith("Saved."));
  await visit("zh");
  await page.waitForSelector(".sd-question");
  match(await text("survey"), /这一年，您过得怎么样？.*您会向朋友推荐我们吗？.*我们应该改进什么？/s);
  deepStrictEqual(await page.$eval("[data-name=recommend] :checked", (chosen) => chosen.value), "3");
  // What is missing is said before anything is sent.
  await answer("recommend", "9");
  await answer("likes", "points");
  await page.click(".sd-navigation__next-btn");
  await page.waitForSelector("[data-name=open]");
  await page.click(".sd-navigation__complete-btn");
  await page.waitForSelector("[data-name=open] .sd-question__erbox");
  await answer("open", "evening");
  await page.click(".sd-navigation__complete-btn");
  await page.waitForFunction(() => document.querySelector("[data-view=survey]").innerText.includes("谢谢"));
  await settled();
  // Who has answered sees what all have.
  const { surveysResults: results } = await asked("zh", RESULTS);
  const choices = results.groups[0].questions.flatMap((question) => question.choices);
  const bars = await page.$$eval(".result [role=progressbar]", (all) => all.map((bar) => [bar.ariaLabel, bar.ariaValueNow]));
  const shares = choices.map(({ text, count, share }) => {
    const percent = String(Math.round(Number(share) * 100));
    return [`${text}: ${percent}%, ${count}`, percent];
  });
  deepStrictEqual(bars, shares);
  match(await text("survey"), new RegExp(`${results.respondents} 份回答.*您会向朋友推荐我们吗？.*平均 [\\d.]+ · 净推荐值 -?[\\d.]+`, "s"));
  // It has brought points, which the page shows, and it is answered once.
  ok((await text("points")).startsWith(`积分\n\n${Number(member.points.available.digits) + THANKS} 可用`));
  match(await text("statement"), /^积分明细\s+问卷答谢/);
  const after = await asked("en", "{ viewer { member { surveys { times reasons { code } draft { savedAt } } } } }");
  const once = { times: 1, reasons: [{ code: "SURVEYS_ANSWERED_BEFORE" }], draft: null };
  deepStrictEqual(after.viewer.member.surveys, [once]);

  // A comment waits until staff decide on it; who wrote it sees how it stands, whatever that is, and nobody else does.
  const others = [["周日能早点开门就好了。", null], ["More of the small apples, please.", null]];
  await visit("en");
  deepStrictEqual(await comments(), others);
  deepStrictEqual(await page.$eval(".comment-form button", (button) => button.disabled), true);
  await page.type(".comment-form textarea", COMMENT);
  await page.click(".comment-form button");
  await page.waitForSelector(".comments [data-state=pending]");
  deepStrictEqual(await comments(), [[COMMENT, "pending"], ...others]);
  deepStrictEqual(await page.$eval(".comment-form textarea", ({ value }) => value), "");
  match(await text("survey"), /Comments · 2 shown.*from you · waits to be looked at, nobody else sees it/s);
  const pending = (await asked("en", PENDING, { as: staff })).surveysModeration.nodes;
  const { id } = pending.find((each) => each.text === COMMENT);
  await asked("en", DECIDE, { variables: { id, shown: false }, as: staff });
  await visit("zh");
  deepStrictEqual(await comments(), [[COMMENT, "hidden"], ...others]);
  match(await text("survey"), /评论 · 已显示 2 条.*您的评论 · 未公开显示/s);
  ok(!(await text("survey")).includes("because"), "a member reads why staff decided so");
  await asked("en", DECIDE, { variables: { id, shown: true }, as: staff });
  await visit("en");
  deepStrictEqual(await comments(), [[COMMENT, "shown"], ...others]);
  match(await text("survey"), /Comments · 3 shown.*from you · shown to everybody/s);
  deepStrictEqual(await barriers(), []);

  // The page's server knows the documents of the page by their ids, and takes nothing else.
  const { errors: refused } = await sent(origin, "en", token, { query: FACTS });
  deepStrictEqual(refused.map(({ extensions }) => extensions.code), ["PERSISTED_QUERY_ONLY"]);

  // In the other language nothing is left of this one, and what the server says is in it as well.
  await visit("en");
  await page.click(".languages [lang=zh]");
  await page.waitForFunction(() => document.documentElement.lang === "zh-CN" && !document.querySelector(".waiting"));
  const heads = await page.$$eval("h2", (all) => all.map((each) => each.innerText));
  deepStrictEqual(heads, ["会员卡", "积分", "勋章", "问卷", "文件", "积分明细"]);
  deepStrictEqual(await page.$eval(".card-tier", (shown) => shown.innerText), "金卡");
  match(await text("documents"), /下季预览\s+platinum 级起可下载。/);
  match(await text("medals"), /常客 · 第 3 级/);

  await visit("zh-CN");
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  deepStrictEqual(await barriers(), []);
  await picture("chinese");

  await visit("en", NARROW);
  deepStrictEqual(await page.evaluate(() => document.documentElement.scrollWidth), NARROW.width);
  await picture("narrow");
  deepStrictEqual({ wrong, elsewhere }, { wrong: [], elsewhere: [] });

  // A comment that is refused is not lost: why is said, and the text is still there.
  const COMMENTED = `mutation ($text: String!) {
    surveysComment(input: { survey: "year-2017", text: $text }) { userErrors { code } }
  }`;
  for (let number = 1; number <= MANY; number += 1) {
    const { surveysComment } = await asked("en", COMMENTED, { variables: { text: `Comment ${number}` } });
    deepStrictEqual(surveysComment.userErrors, []);
  }
  await visit("zh");
  await page.type(".comment-form textarea", "再说一句");
  await page.click(".comment-form button");
  await page.waitForSelector(".comment-form .wrong");
  match(await page.$eval(".comment-form .wrong", (shown) => shown.innerText), /\p{Script=Han}.*SURVEYS_COMMENTS_MANY/su);
  deepStrictEqual(await page.$eval(".comment-form textarea", ({ value }) => value), "再说一句");

  await visit("en", NARROW);
  // Where the server is away the page says so, and goes on when it is back.
  await page.setRequestInterception(true);
  const away = (request) => (request.url().endsWith("/graphql") ? request.abort() : request.continue());
  page.on("request", away);
  await page.reload();
  await page.waitForSelector(".wrong button");
  match(await page.$eval(".wrong", (shown) => shown.innerText), /The server cannot be reached.*UNREACHABLE/s);
  page.off("request", away);
  await page.setRequestInterception(false);
  await page.click(".wrong button");
  await settled();
  match(await text("points"), /to spend/);

  console.log(
    `card, points, ${lines.length} lines of the statement, medals, a survey with comments, and documents seen in English and Chinese`,
  );
} catch (error) {
  await page?.screenshot({ path: join(pictures, "wrong.png"), fullPage: true });
  console.error(wrong, elsewhere);
  throw error;
} finally {
  await browser.close();
}
