// Everything that the page itself says. What the server says comes in the language of the request.

const en = {
  language: "Language",
  member: "Member",
  since: "Member since {day}",
  number: "No. {number}",
  loading: "Loading …",
  again: "Try again",
  unreachable: "The server cannot be reached. Check the connection, then try again.",
  noToken: "Nobody is signed in. Open the address that `make frontend` prints: it names a member.",
  noMember: "This token belongs to no member.",

  card: "Your card",
  next: "{percent} of the way to {tier}",
  top: "You stand in the highest tier.",
  missing: "{missing} to go · {measured} of {needed}",
  windows: {
    lifetime: "ever",
    year: "this year",
    month: "this month",
    "rolling 12 months": "in the last twelve months",
  } as Record<string, string>,
  metrics: { spend: "Spent", visits: "Visits" } as Record<string, string>,
  // The program gives each tier one name; a page in more languages has its own by code.
  tiers: {} as Record<string, string>,

  points: "Points",
  available: "to spend",
  pending: "{amount} more from {day} on",
  debt: "{amount} owed",
  lapse: "What lapses within a year, unless you spend it",
  lapses: "on {day}",
  noneLapse: "Nothing lapses within a year.",

  statement: "Statement",
  noEntries: "Nothing has moved yet.",
  more: "Show more",
  end: "That is all: {count} entries",
  left: "{amount} left",
  order: "Purchase of {amount}",
  rules: {
    spend: "Points for what you bought",
    fresh: "Extra for fruit and vegetables",
    "spend-500": "Paid with points",
    "survey-thanks": "Thank you for answering",
    "medal-gift": "Gift for a medal",
  } as Record<string, string>,
  activities: {
    purchase: "Purchase",
    "points.expired": "Lapsed",
    "points.adjusted": "Adjusted",
    reversal: "Taken back",
  } as Record<string, string>,

  medals: "Medals",
  level: "Level {level}",
  won: "Won on {day}",
  secret: "Secret",
  holders: "{share} of members hold it",
  leftOfEdition: "{count} left",
  step: "{value} of {needed}",

  survey: "Survey",
  saved: "Saved. You can go on later.",
  thanks: "Thank you. Your answers have arrived.",
  noSurvey: "No survey is waiting for you.",
  results: "What members said",
  answers: "{count} answers",
  saw: "{count} saw this question",
  average: "{average} on average",
  promoters: "net promoter score {score}",
  withheld: "Shown once enough members have answered.",

  comments: "Comments",
  shown: "{count} shown",
  yours: "from you",
  states: {
    pending: "waits to be looked at, nobody else sees it",
    shown: "shown to everybody",
    hidden: "not shown to others",
  } as Record<string, string>,
  comment: "What would you like to say about it?",
  send: "Send comment",

  documents: "Documents",
  download: "Download {title}:",
  noDocuments: "There are no documents.",
  languages: { en: "English", zh: "Chinese" } as Record<string, string>,
};

export type Messages = typeof en;

const zh: Messages = {
  language: "语言",
  member: "会员",
  since: "{day}入会",
  number: "会员号 {number}",
  loading: "加载中…",
  again: "重试",
  unreachable: "无法连接服务器，请检查网络后重试。",
  noToken: "尚未登录。请打开 `make frontend` 显示的地址，其中带有会员身份。",
  noMember: "此令牌不属于任何会员。",

  card: "会员卡",
  next: "距离{tier}已完成 {percent}",
  top: "您已是最高等级。",
  missing: "还差 {missing} · {measured} / {needed}",
  windows: { lifetime: "累计", year: "今年", month: "本月", "rolling 12 months": "近十二个月" },
  metrics: { spend: "消费", visits: "到店" },
  tiers: { bronze: "铜卡", silver: "银卡", gold: "金卡", platinum: "白金卡" },

  points: "积分",
  available: "可用",
  pending: "{day}起另有 {amount}",
  debt: "欠 {amount}",
  lapse: "一年内到期的积分",
  lapses: "{day}到期",
  noneLapse: "一年内没有积分到期。",

  statement: "积分明细",
  noEntries: "暂无记录。",
  more: "显示更多",
  end: "已全部显示：共 {count} 条",
  left: "余 {amount}",
  order: "消费 {amount}",
  rules: {
    spend: "消费积分",
    fresh: "蔬果加赠",
    "spend-500": "积分抵扣",
    "survey-thanks": "问卷答谢",
    "medal-gift": "勋章奖励",
  },
  activities: { purchase: "消费", "points.expired": "积分到期", "points.adjusted": "积分调整", reversal: "撤销" },

  medals: "勋章",
  level: "第 {level} 级",
  won: "{day}获得",
  secret: "隐藏",
  holders: "{share}的会员拥有",
  leftOfEdition: "剩余 {count} 枚",
  step: "{value} / {needed}",

  survey: "问卷",
  saved: "已保存，可稍后继续。",
  thanks: "谢谢，您的回答已提交。",
  noSurvey: "暂无可填写的问卷。",
  results: "会员们怎么说",
  answers: "{count} 份回答",
  saw: "{count} 人看到此题",
  average: "平均 {average}",
  promoters: "净推荐值 {score}",
  withheld: "回答人数足够后显示。",

  comments: "评论",
  shown: "已显示 {count} 条",
  yours: "您的评论",
  states: { pending: "等待审核，他人不可见", shown: "已公开显示", hidden: "未公开显示" },
  comment: "您想说点什么？",
  send: "发表评论",

  documents: "文件",
  download: "下载{title}：",
  noDocuments: "暂无文件。",
  languages: { en: "英文", zh: "中文" },
};

export const dictionaries = { en, zh };
export type Language = keyof typeof dictionaries;

/** Fills in what stands in braces. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
