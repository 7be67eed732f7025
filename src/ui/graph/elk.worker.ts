/** ELK, which answers the messages of its own client. Half a megabyte that only a page with a dag loads. */
import "elkjs/lib/elk-worker.min.js";
