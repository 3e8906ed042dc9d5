import { chromium } from "playwright-core";
const [,,src,out,w]=process.argv;
const b=await chromium.launch({executablePath:"/usr/bin/chromium",args:["--no-sandbox","--disable-gpu"]});
const p=await b.newPage({viewport:{width:+w,height:400}});
await p.goto("file://"+src);
await p.addStyleTag({content:"pre{font-family:'DejaVu Sans Mono';font-size:13px;margin:8px}"});
await p.screenshot({path:out,fullPage:true}); await b.close();
