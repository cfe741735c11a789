// SPDX-License-Identifier: GPL-2.0-only
/* Buffers for devices, files, sockets and ciphers. */
#include <linux/crc32.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/i2c.h>
#include <linux/net.h>
#include <linux/regmap.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <linux/usb.h>
#include <linux/zlib.h>
#include <linux/strata.h>

static struct scatterlist table[4];

ssize_t io_kernel_read(struct strata_region *r, struct file *f)
{
	STRATA_FRAME(r);
	u8 *buffer = strata_region_alloc(r, 512);	// OK
	loff_t pos = 0;
	ssize_t n;

	if (!buffer)
		return -ENOMEM;
	n = kernel_read(f, buffer, 512, &pos);
	return n > 0 ? buffer[0] : n;
}

ssize_t io_kernel_write(struct strata_region *r, struct file *f, int value)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "%d\n", value);	// OK
	loff_t pos = 0;

	return text ? kernel_write(f, text, strlen(text), &pos) : -ENOMEM;
}

int io_send(struct strata_region *r, struct socket *sock, size_t len)
{
	STRATA_FRAME(r);
	struct kvec *vec = strata_region_zalloc(r, sizeof(*vec));	// OK
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };

	if (!vec)
		return -ENOMEM;
	vec->iov_base = strata_region_zalloc(r, len);	// OK
	vec->iov_len = len;
	return kernel_sendmsg(sock, &msg, vec, 1, len);
}

size_t io_scatter_local(struct strata_region *r, size_t len)
{
	STRATA_FRAME(r);
	u8 *in = strata_region_zalloc(r, len);	// OK
	u8 *out = strata_region_alloc(r, len);	// OK
	struct scatterlist sg;

	if (!in || !out)
		return 0;
	sg_init_one(&sg, in, len);
	return sg_copy_to_buffer(&sg, 1, out, len);
}

/* Through an integer: the page of the buffer is in the table. */
void io_scatter_global(struct strata_region *r, size_t len)
{
	STRATA_FRAME(r);
	u8 *in = strata_region_zalloc(r, len);

	if (!in)
		return;
	sg_init_table(table, 4);
	sg_set_buf(&table[0], in, len);	// NOTE "in (converted to an integer|passed to)"
}

int io_dma(struct strata_region *r, struct device *dev, size_t len)
{
	STRATA_FRAME(r);
	u8 *buffer = strata_region_zalloc(r, len);	// OK
	dma_addr_t addr;

	if (!buffer)
		return -ENOMEM;
	addr = dma_map_single(dev, buffer, len, DMA_FROM_DEVICE);
	if (dma_mapping_error(dev, addr))
		return -EIO;
	dma_unmap_single(dev, addr, len, DMA_FROM_DEVICE);
	return buffer[0];
}

int io_i2c(struct strata_region *r, struct i2c_client *client, u8 reg)
{
	STRATA_FRAME(r);
	struct i2c_msg *msgs = strata_region_zalloc(r, 2 * sizeof(*msgs));	// OK
	u8 *value = strata_region_zalloc(r, 1);	// OK
	int n;

	if (!msgs || !value)
		return -ENOMEM;
	msgs[0].addr = client->addr;
	msgs[0].len = 1;
	msgs[0].buf = &reg;
	msgs[1].addr = client->addr;
	msgs[1].flags = I2C_M_RD;
	msgs[1].len = 1;
	msgs[1].buf = value;
	n = i2c_transfer(client->adapter, msgs, 2);
	return n == 2 ? *value : -EIO;
}

int io_regmap(struct strata_region *r, struct regmap *map)
{
	STRATA_FRAME(r);
	u16 *values = strata_region_zalloc(r, 8 * sizeof(*values));	// OK
	unsigned int *id = strata_region_zalloc(r, sizeof(*id));	// OK

	if (!values || !id || regmap_read(map, 0, id))
		return -EIO;
	if (regmap_bulk_read(map, 0x10, values, 8))
		return -EIO;
	return values[*id & 7];
}

void io_urb(struct strata_region *r, struct urb *urb, struct usb_device *dev, size_t len)
{
	STRATA_FRAME(r);
	u8 *buffer = strata_region_zalloc(r, len);

	usb_fill_bulk_urb(urb, dev, 0, buffer, len, NULL, NULL); // WARN "buffer escapes its frame: stored in "
}

int io_usb_message(struct strata_region *r, struct usb_device *dev)
{
	STRATA_FRAME(r);
	u8 *buffer = strata_region_zalloc(r, 18);	// OK
	int n;

	if (!buffer)
		return -ENOMEM;
	n = usb_control_msg(dev, usb_rcvctrlpipe(dev, 0), USB_REQ_GET_DESCRIPTOR, USB_DIR_IN,
			    USB_DT_DEVICE << 8, 0, buffer, 18, 1000);
	return n == 18 ? buffer[4] : -EIO;
}

int io_skb(struct strata_region *r, struct sk_buff *skb)
{
	STRATA_FRAME(r);
	u8 *header = strata_region_alloc(r, 40);	// OK

	if (!header || skb_copy_bits(skb, 0, header, 40))
		return -EINVAL;
	skb_put_data(skb, header, 20);
	return header[0] >> 4;
}

void io_skb_control(struct strata_region *r, struct sk_buff *skb)
{
	STRATA_FRAME(r);
	u8 *header = strata_region_zalloc(r, 40);

	skb_shinfo(skb)->destructor_arg = header;	// WARN "header escapes its frame: stored in "
}

u32 io_crc(struct strata_region *r, const void *data, size_t len)
{
	STRATA_FRAME(r);
	u8 *copy = strata_region_alloc(r, len);	// OK

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	copy[0] ^= 0x80;
	return crc32_le(~0, copy, len);
}
