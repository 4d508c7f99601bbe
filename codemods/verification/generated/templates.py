"""Statements that are chosen at random, one a line."""

IN_PLACE = """
{place}[0] = 1.0
{place} += {value}
{place}.copy_({value})
{place}.fill_(0.5)
{place}.mul_(2)
{place} *= 0.5
{place}[:] = {value}
nn.init.ones_({place})
{place}.data.copy_({value})
{place}.data.mul_(2)
{place}.data[0] = 1.0
{place} @= {value}
{place}.detach().fill_(1.0)
{place}.data = {value}
{place}.data = {value}
"""
LEAVES = """
torch.randn(4, requires_grad=True)
torch.randn(4, requires_grad=True).to(device)
torch.randn(4, requires_grad=True) * 0.1
nn.Parameter(torch.randn(4)) * 0.1
(torch.randn(4) * 0.1).requires_grad_()
torch.randn(4).requires_grad_().clone()
"""
IN_LOOP = """
p = p * 0.5
p = torch.zeros_like(p)
p = p.detach()
p.data = p.data * 0.5
p.data.fill_(0.5)
p.fill_(0.5)
p.mul_(0.5)
nn.init.zeros_(p)
p.requires_grad = False
p = p.clone(); p.data.fill_(1.0)
p += 1.0
p.data.clamp_(-1, 1)
p = nn.Parameter(p * 2)
p.data.mul(2)
p *= 0.5
"""
NORMS = """
nn.utils.weight_norm
nn.utils.parametrizations.weight_norm
nn.utils.spectral_norm
nn.utils.parametrizations.spectral_norm
"""
AFTER_NORM = """
{name}.weight.data.fill_(0.5)
nn.init.ones_({name}.weight)
{name}.weight = torch.ones(4, 4)
{name}.bias.data.fill_(0.5)
{name}.weight.data = torch.ones(4, 4)
{name}.weight_g.data.fill_(1.0)
{name}.weight = nn.Parameter(torch.ones(4, 4))
"""
MOVED = """
{name}.to(device)
{name} = {name}.to(device)
{name}.eval()
{name}.double()
{name}.float()
{name}.apply(init_weights)
"""
OF_LAYER = """
{name}.weight = {value}
{name}.weight.data = {value}
{name}.bias.fill_(0.0)
nn.init.zeros_({name}.bias)
{name}.weight.data.mul_(0.5)
{name}.bias = None
{name}.weight = nn.Parameter({value}{flag})
"""
FROZEN = """
{owner}.{slot}.requires_grad = False
{owner}.{slot}.requires_grad_(False)
{name}.requires_grad_(False)
{name}.requires_grad_(True)
{name}.requires_grad = False
for p in {name}.parameters(): p.requires_grad = False
for p in {name}.parameters(): p.requires_grad_(False)
for key, p in {name}.named_parameters(): p.requires_grad = "bias" in key
"""
