"""The demo bank 「示例银行」: made by a generator with a fixed seed, through the rooms' own verbs."""
