"""Blog, see docs/blog.md."""

from config.settings.components.api import SPECTACULAR_SETTINGS, THROTTLE_RATES

# Comments that a user may write.
THROTTLE_RATES["comment"] = "5/minute,50/day"
SPECTACULAR_SETTINGS["ENUM_NAME_OVERRIDES"] |= {
    "PostStatusEnum": "apps.blog.models.Post.Status",
    "CommentStatusEnum": "apps.blog.models.Comment.Status",
    "ReactionKindEnum": "apps.blog.models.Reaction.Kind",
}
