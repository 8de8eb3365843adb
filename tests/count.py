#!/usr/bin/env python3
"""Counts the cases of a meson run and prints the closing line. Exit 1 when one
failed or none ran. Usage: count.py testlog.junit.xml STATUS"""

import re
import sys
import xml.etree.ElementTree as ElementTree


def main():
    passed = failed = skipped = 0
    with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
        text = file.read()
    # What tests print is in it, with octets that XML may not hold.
    text = re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]",
                  "?", text)
    root = ElementTree.fromstring(text.encode())
    for case in root.iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed += 1
            print("FAILED:", case.get("classname"), case.get("name"))
        elif "skipped" in kinds:
            skipped += 1
            print("skipped:", case.get("classname"), case.get("name"))
        else:
            passed += 1
    if sys.argv[2] != "0" and failed == 0:
        failed = 1  # a test program that died between its cases
    print(f"{passed} passed, {failed} failed"
          + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed or not passed else 0)


main()
