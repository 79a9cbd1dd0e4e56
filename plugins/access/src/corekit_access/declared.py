"""The permissions and the codes that the plugin brings."""

from __future__ import annotations

from corekit import ErrorText, Permission

READ = Permission(name="access.read", description="See staff, roles and keys.")
MANAGE = Permission(
    name="access.manage", description="Give and take roles, permissions and keys, as far as one has them oneself."
)
ISSUE = Permission(
    name="access.issue", description="Issue tokens for members, and for staff who may do no more than one may oneself."
)

PERMISSION_UNKNOWN = ErrorText(
    "ACCESS_PERMISSION_UNKNOWN", "Nobody declares the permission {permission}.", "没有权限 {permission}。"
)
NOT_HELD = ErrorText(
    "ACCESS_NOT_HELD",
    "You cannot give the permission {permission}, since you do not have it.",
    "您没有权限 {permission}，不能授予他人。",
)
ROLE_UNKNOWN = ErrorText("ACCESS_ROLE_UNKNOWN", "There is no role {role}.", "没有角色 {role}。")
STAFF_UNKNOWN = ErrorText("ACCESS_STAFF_UNKNOWN", "Nobody of staff is called {name}.", "没有员工 {name}。")
KEY_UNKNOWN = ErrorText("ACCESS_KEY_UNKNOWN", "There is no key {prefix} that still works.", "没有可用的密钥 {prefix}。")
EXPIRED = ErrorText("ACCESS_EXPIRED", "A key cannot expire in the past.", "密钥的到期时间不能早于现在。")
NO_SIGNING_KEY = ErrorText(
    "ACCESS_NO_SIGNING_KEY",
    "Nothing is there to sign with; set signing_keys under [plugins.access] of corekit.toml.",
    "没有签名密钥，请在 corekit.toml 的 [plugins.access] 中设置 signing_keys。",
)
ERRORS = (PERMISSION_UNKNOWN, NOT_HELD, ROLE_UNKNOWN, STAFF_UNKNOWN, KEY_UNKNOWN, EXPIRED, NO_SIGNING_KEY)
