"""File uploads of users. docs/files.md"""

from config.env import env

FILE_QUOTA_BYTES = env.integer("FILE_QUOTA_BYTES", default=1_073_741_824, minimum=1, maximum=2**63 - 1)
# S3 and Google sign URLs for seven days at most.
FILE_LINK_SECONDS = env.integer("FILE_LINK_SECONDS", default=300, minimum=1, maximum=604_800)
# A subset of the keys of `FILE_TYPES` in apps/files/content_validation.py.
FILE_EXTENSIONS = ["csv", "docx", "gif", "jpeg", "jpg", "pdf", "png", "txt", "webp", "xlsx"]
