"""The public suite jupyter_kernel_test on our kernelspec. What GoNB itself doesn't do is listed with the reason; the tests below
fail as soon as it does, so that the list stays true."""

import shutil
from queue import Empty

import jupyter_kernel_test
import pytest

from books import PATIENCE


class TestKernel(jupyter_kernel_test.KernelTests):
    kernel_name = "stylebook"
    language_name = "go"
    file_extension = ".go"
    code_hello_world = '%%\nfmt.Println("hello, world")'
    code_stderr = '%%\nfmt.Fprintln(os.Stderr, "oh")'
    code_generate_error = '%%\nundefined()'  # a program that panics also leaves its trace on stderr
    # without Sync a cell that ends at once may take its output with it: gonbui says so, and nbui calls it
    code_display_data = [{"code": '%%\ngonbui.DisplayHTML("<b>hello</b>")\ngonbui.Sync()', "mime": "text/html"}]
    code_inspect_sample = "fmt.Println"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in ("%noautoget", 'import "github.com/janpfeifer/gonb/gonbui"'):
            cls.kc.execute_interactive(code, timeout=PATIENCE)

    def execute_helper(self, code, timeout=PATIENCE, **options):
        """Waits for each message, which the suite does for a tenth of a second."""
        channel = self.kc.iopub_channel
        get = channel.get_msg
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(channel, "get_msg", lambda timeout: get(timeout=PATIENCE))
            return super().execute_helper(code, timeout=timeout, **options)

    def flush_channels(self):
        """Takes all messages up to the end of a request of its own, instead of all within a tenth of a second."""
        request, state = self.kc.kernel_info(), None
        while self.kc.get_shell_msg(timeout=PATIENCE)["parent_header"].get("msg_id") != request:
            pass
        while state != "idle":
            message = self.kc.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == request:
                state = message["content"].get("execution_state")

    # ---- what GoNB doesn't do

    def test_is_complete(self):
        """is_complete_request is never answered: the suite would wait for ever. Only consoles ask; Lab and notebooks don't."""
        self.flush_channels()
        self.kc.is_complete("x := 1")
        with pytest.raises(Empty):
            self.get_non_kernel_info_reply(timeout=5)

    def test_history(self):
        """history_request is never answered: the kernel keeps none. Only consoles ask."""
        self.flush_channels()
        self.kc.history(hist_access_type="tail", n=1, output=False, raw=True)
        with pytest.raises(Empty):
            self.get_non_kernel_info_reply(timeout=5)

    @pytest.mark.skipif(shutil.which("gopls") is None, reason="gopls is not built yet: scripts/setup --gopls")
    def test_inspect(self):
        super().test_inspect()
