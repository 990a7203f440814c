"""The files that docs/program.md imports: a day of a boiler, a pump and the air around."""

import gzip
import math

AIR = "air,room=k3,floor=2 temp={},open={} {}\n"


def csv_rows():
    yield '#tag,boiler.temp,float64,degC,"feed water, behind the pump",0'
    yield "#tag,pump.state,text,,,1"
    yield "tag,time,value,quality"
    for i in range(8640):
        time = f"2026-01-01 {i // 360:02}:{i // 6 % 60:02}:{i % 6}0"
        wave = math.sin(i / 688)
        yield f"boiler.temp,{time},{72 + 3 * wave + i * 7919 % 50 / 100:.2f},192"
        yield f"boiler.pressure,{time},{4.7 + wave / 2:.1f},192"
        if i % 360 == 0:
            yield f"pump.state,{time},{'running' if i // 360 % 2 else 'idle'},192"


def write_plant(folder):
    with gzip.open(folder / "plant.csv.gz", "wt") as file:
        file.writelines(row + "\n" for row in csv_rows())
    air = AIR.format(21.5, "f", 1767225600) + AIR.format(21.25, "t", 1767225660)
    (folder / "air.lp").write_text(air)
    rain = "# of the gauge\n\nrain value=0.2 1767225600\nrain value=bad 1767225660\n"
    (folder / "weather.lp").write_text(air + rain)
