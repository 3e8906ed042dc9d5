package scan
import ("testing";"os";"strings")
func TestStrip(t *testing.T){ 
 data,_:=os.ReadFile("/tmp/speed/unit.log")
 var b strings.Builder
 for l:=range strings.SplitSeq(string(data),"\n") { b.WriteString(unwrap(stripANSI(strings.TrimRight(l,"\r"))).text+"\n") }
 os.WriteFile("/tmp/speed/stripped.log",[]byte(b.String()),0o644)
}
