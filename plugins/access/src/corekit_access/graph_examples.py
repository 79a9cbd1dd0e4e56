"""Operations to begin with, for GraphiQL: who may do what, a role, a key for a till."""

from __future__ import annotations

from corekit_schema import Example

EXAMPLES = (
    Example(
        en="Roles, staff and keys",
        zh="角色、员工与密钥",
        text="""\
query Access {
  accessRoles {
    name
    permissions
  }
  accessStaff {
    name
    active
    roles
    createdAt
  }
  accessKeys {
    prefix
    name
    permissions
    expiresAt
    lastUsedAt
    revokedAt
  }
}
""",
    ),
    Example(
        en="Say what a role allows",
        zh="设置角色权限",
        text="""\
mutation AccessSetRole($input: AccessSetRoleInput!) {
  accessSetRole(input: $input) {
    role {
      name
      permissions
    }
    userErrors {
      path
      code
      message
    }
  }
}
""",
        variables={"input": {"name": "收银员", "permissions": ["members.read", "activities.record"]}},
    ),
    Example(
        en="Make a key for a till",
        zh="为收银机创建密钥",
        text="""\
mutation AccessCreateKey($input: AccessCreateKeyInput!) {
  accessCreateKey(input: $input) {
    key {
      prefix
      name
      permissions
      expiresAt
    }
    secret
    userErrors {
      path
      code
      message
    }
  }
}
""",
        variables={"input": {"name": "七号收银机", "permissions": ["activities.record"]}},
    ),
)
