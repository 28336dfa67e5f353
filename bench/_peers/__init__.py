"""The programs lifang is measured beside, run on the same machine in the same minute."""
