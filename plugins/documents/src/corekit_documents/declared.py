"""The activity type, the permissions and the codes that the plugin brings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from corekit import ActivityType, ErrorText, Permission


class DownloadedSchema(Schema):
    """By which link."""

    link = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{32}\Z", error="This is no id."))


DOWNLOADED = ActivityType(
    name="documents.downloaded",
    description="A member downloads a document, by a link for the first time.",
    schema=DownloadedSchema,
    command=True,
    afresh=True,
)
ACTIVITIES = (DOWNLOADED,)

READ = Permission(name="documents.read", description="See documents, their versions, and who downloaded what.")
MANAGE = Permission(name="documents.manage", description="Set documents and their rules, upload and withdraw versions.")
LINK = Permission(name="documents.link", description="Make links for members, and revoke them.")
PERMISSIONS = (READ, MANAGE, LINK)

# Why somebody may not have a document

NOT_GRANTED = ErrorText("DOCUMENTS_NOT_GRANTED", "Nobody is granted this document yet.", "此文件尚未向任何人开放。")
TIER = ErrorText("DOCUMENTS_TIER", "It is from tier {tier} on.", "{tier} 级起可下载。")
KIND = ErrorText("DOCUMENTS_KIND", "It is for members of the kind {names}.", "仅限 {names} 类会员。")
TAG = ErrorText("DOCUMENTS_TAG", "It is for members with the tag {names}.", "仅限带有标签 {names} 的会员。")
GROUP = ErrorText("DOCUMENTS_GROUP", "It is for members of the group {names}.", "仅限 {names} 组的会员。")
BOUGHT = ErrorText("DOCUMENTS_BOUGHT", "It is for who bought {names}.", "仅限购买过 {names} 的会员。")
METRIC = ErrorText(
    "DOCUMENTS_METRIC",
    "It is from {least} of {metric} on ({window}); the member has {value}.",
    "{metric}（{window}）须达到 {least}，当前为 {value}。",
)
EXCLUDED = ErrorText("DOCUMENTS_EXCLUDED", "It is not for members like this one.", "此文件不向该类会员开放。")
OUTSIDE = {
    "tier": TIER,
    "kind": KIND,
    "tag": TAG,
    "group": GROUP,
    "bought": BOUGHT,
    "metric": METRIC,
    "excluded": EXCLUDED,
}
"""How it is said what of a member speaks against it."""
NOT_YET = ErrorText("DOCUMENTS_NOT_YET", "It is published from {opens} on.", "自 {opens} 起发布。")
OVER = ErrorText("DOCUMENTS_OVER", "It was published until {closes}.", "发布已于 {closes} 结束。")
NO_VERSION = ErrorText(
    "DOCUMENTS_NO_VERSION", "There is no version of {document} to download.", "文件 {document} 没有可下载的版本。"
)
QUOTA = ErrorText(
    "DOCUMENTS_QUOTA",
    "A member downloads {most} documents at most by {window}, and has done so.",
    "每位会员按 {window} 最多下载 {most} 份，已达上限。",
)
ALREADY = ErrorText("DOCUMENTS_ALREADY", "This link was counted already, at {at}.", "此链接已于 {at} 计数。")

# Links

NO_SIGNING_KEY = ErrorText(
    "DOCUMENTS_NO_SIGNING_KEY",
    "Nothing is there to sign links with; set signing_keys under [plugins.documents] of corekit.toml.",
    "没有签名密钥，请在 corekit.toml 的 [plugins.documents] 中设置 signing_keys。",
)
LINK_INVALID = ErrorText("DOCUMENTS_LINK_INVALID", "This link was not made here.", "链接无效。")
LINK_EXPIRED = ErrorText("DOCUMENTS_LINK_EXPIRED", "The link is over; ask for another one.", "链接已过期，请重新获取。")
LINK_REVOKED = ErrorText(
    "DOCUMENTS_LINK_REVOKED", "The link was revoked; ask for another one.", "链接已撤销，请重新获取。"
)
LINK_UNKNOWN = ErrorText("DOCUMENTS_LINK_UNKNOWN", "There is no link {link} of this member.", "该会员没有链接 {link}。")
RANGE_MALFORMED = ErrorText(
    "DOCUMENTS_RANGE_MALFORMED",
    "The range cannot be read; write for example bytes=0-499.",
    "无法识别的范围，请写成如 bytes=0-499。",
)
RANGE_OUTSIDE = ErrorText(
    "DOCUMENTS_RANGE_OUTSIDE", "The file has {size} bytes, and none within the range.", "文件共 {size} 字节，范围超出。"
)
CHANGED = ErrorText("DOCUMENTS_CHANGED", "The file is not the one that was meant.", "文件已不是所指的那一份。")
STORE_DOWN = ErrorText(
    "DOCUMENTS_STORE_DOWN", "The store cannot be reached now; try again later.", "文件存储暂不可用，请稍后重试。"
)

# Documents and uploads

DOCUMENT_UNKNOWN = ErrorText("DOCUMENTS_UNKNOWN", "There is no document {document}.", "没有文件 {document}。")
VERSION_UNKNOWN = ErrorText("DOCUMENTS_VERSION_UNKNOWN", "There is no version {version}.", "没有版本 {version}。")
CATEGORY_UNKNOWN = ErrorText(
    "DOCUMENTS_CATEGORY_UNKNOWN",
    "The program has no category {category}; add it to [documents.categories].",
    "计划中没有类别 {category}，请在 [documents.categories] 中添加。",
)
RULE = ErrorText("DOCUMENTS_RULE", "The rule does not hold: {expected}.", "规则有误：{expected}。")
WINDOW = ErrorText("DOCUMENTS_WINDOW", "It would close before it opens.", "结束时间早于开始时间。")
TOO_LARGE = ErrorText("DOCUMENTS_TOO_LARGE", "A file has {largest} bytes at most.", "文件不得超过 {largest} 字节。")
SIZE_WRONG = ErrorText(
    "DOCUMENTS_SIZE_WRONG",
    "It was to be {expected} bytes, and {found} came.",
    "应为 {expected} 字节，收到 {found} 字节。",
)
CHECKSUM_WRONG = ErrorText(
    "DOCUMENTS_CHECKSUM_WRONG", "Its SHA-256 is {found}, not {expected}.", "SHA-256 为 {found}，而非 {expected}。"
)
TYPE_NOT_ALLOWED = ErrorText(
    "DOCUMENTS_TYPE_NOT_ALLOWED",
    "Files of type {type} are not taken; see types under [plugins.documents] of corekit.toml.",
    "不接受 {type} 类型的文件；见 corekit.toml 的 [plugins.documents] 中的 types。",
)
TYPE_WRONG = ErrorText("DOCUMENTS_TYPE_WRONG", "What came is no {type}.", "内容不是 {type}。")
EMPTY = ErrorText("DOCUMENTS_EMPTY", "The file is empty.", "文件为空。")
UPLOAD_OVER = ErrorText("DOCUMENTS_UPLOAD_OVER", "By this link a file was uploaded already.", "此链接已用于上传。")
UPLOAD_EXPIRED = ErrorText(
    "DOCUMENTS_UPLOAD_EXPIRED", "The link is over; ask for another one.", "上传链接已过期，请重新获取。"
)
ERRORS = (
    NOT_GRANTED,
    TIER,
    KIND,
    TAG,
    GROUP,
    BOUGHT,
    METRIC,
    EXCLUDED,
    NOT_YET,
    OVER,
    NO_VERSION,
    QUOTA,
    ALREADY,
    NO_SIGNING_KEY,
    LINK_INVALID,
    LINK_EXPIRED,
    LINK_REVOKED,
    LINK_UNKNOWN,
    RANGE_MALFORMED,
    RANGE_OUTSIDE,
    CHANGED,
    STORE_DOWN,
    DOCUMENT_UNKNOWN,
    VERSION_UNKNOWN,
    CATEGORY_UNKNOWN,
    RULE,
    WINDOW,
    TOO_LARGE,
    SIZE_WRONG,
    CHECKSUM_WRONG,
    TYPE_NOT_ALLOWED,
    TYPE_WRONG,
    EMPTY,
    UPLOAD_OVER,
    UPLOAD_EXPIRED,
)
