// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace rondo::scale {

inline constexpr std::string_view report_style = R"css(
:root { color-scheme: light }
* { box-sizing: border-box }
body { margin: 0; background: #f6f5f2; color: #1f2328; line-height: 1.5;
       font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", Verdana, sans-serif }
main { max-width: 1000px; margin: 0 auto; padding: 40px 24px 64px }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em }
h2 { font-size: 19px; margin: 0 0 4px }
p { margin: 0 0 10px; max-width: 72ch }
.subject { color: #59636e; margin-bottom: 24px }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 14px;
         margin-bottom: 22px }
.card, section { background: #fff; border: 1px solid #e3e1dc; border-radius: 10px }
.card { padding: 14px 18px }
.card b { display: block; font-size: 26px; line-height: 1.25; font-weight: 650 }
.card span { color: #59636e; font-size: 14px }
section { padding: 20px 24px 16px; margin-bottom: 20px }
section > p { color: #59636e; font-size: 14.5px }
.remarks { background: #fff8e6; border-color: #ecd9a0 }
.remarks ul { margin: 4px 0 0; padding-left: 20px }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums }
th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid #eceae5; white-space: nowrap }
th { color: #59636e; font-weight: 600; white-space: normal; vertical-align: bottom }
tr:last-child td { border-bottom: 0 }
.interval { color: #59636e; font-size: 12.5px }
footer { color: #59636e; font-size: 13px }
svg { display: block; width: 100%; height: auto; margin-top: 8px;
      font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", Verdana, sans-serif }
.tick { font-size: 12px; fill: #59636e }
.value { font-size: 13px; font-weight: 600; fill: #1f5fa8 }
.start { text-anchor: start } .middle { text-anchor: middle } .end { text-anchor: end }
.grid { stroke: #eceae5 } .axis { stroke: #8b949e }
.ideal { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 5 4 }
.limit { fill: none; stroke: #9a938a; stroke-width: 1.5; stroke-dasharray: 2 3 }
.measured { fill: none; stroke: #1f5fa8; stroke-width: 2 }
.whisker { stroke: #1f5fa8; stroke-width: 1.5 } .dot { fill: #1f5fa8 }
.predicted { fill: none; stroke: #b3541e; stroke-width: 1.8 }
.bin { fill: #6f9bc8 } .bucket { fill: #c9702f }
.phase { fill: #d5e2f0; stroke: #fff } .phase-name { font-size: 12px; fill: #24415f }
.computing { fill: #7b9fc4 } .exposed_communication { fill: #c9532c } .arrival_skew { fill: #e5a431 }
.data_wait { fill: #2f8f6b } .kernel_slowdown { fill: #a3628e } .checkpoint { fill: #5fb3c9 }
.launch_overhead { fill: #7a6fb0 } .other { fill: #b4b1ab }
)css";

}  // namespace rondo::scale
