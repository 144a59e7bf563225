"""What is provoked, with whom. Each group of captures is a function; the arguments choose groups, none means all."""
import sys
import traceback

import bench
import groups

def main():
    chosen = sys.argv[1:]
    for name, group in groups.ALL.items():
        if chosen and name not in chosen:
            continue
        print(f"  {name}", flush=True)
        try:
            group()
        except Exception:  # a group that cannot be made must not keep the others from it
            traceback.print_exc()
    bench.finish()


main()
